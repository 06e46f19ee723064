/**
 * Unified kernel images: which section is what, which of them a profile has, and what the stub
 * makes of them (systemd-stub, v257; UAPI Group, Unified Kernel Image).
 *
 * <p>{@link io.github.kexecsim.loader.uki.Profiles} divides a section table, {@link
 * io.github.kexecsim.loader.uki.Composition} tells what a kernel is started with and why, and
 * {@link io.github.kexecsim.loader.uki.Addon} is what may be put beside a UKI.
 */
package io.github.kexecsim.loader.uki;
