package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.memory.PhysRange;

/**
 * Memory that is filled with code which runs under page tables of others: where firmware maps what
 * it allocates as not executable (NX), the attribute must be cleared on it.
 *
 * @param range whole pages
 * @param what what the code is
 * @param executable whether NX is to be cleared
 * @param writable whether it stays writable
 */
public record CodeRegion(PhysRange range, String what, boolean executable, boolean writable) {}
