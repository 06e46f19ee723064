/**
 * x86_64 kernels before they run: what a bzImage has inside, and what its decompressor and early
 * code decide.
 */
package io.github.kexecsim.loader.x86;
