/** Decompression of kernel payloads, and compression as the kernel build does it. */
package io.github.kexecsim.loader.codec;
