/** x86 kernels from inside: what their own decompressor does, and where. */
package io.github.kexecsim.loader.x86;
