package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/**
 * Encodes a whole payload as the kernel build would, in one stream that the ordinary command-line
 * tool reads back. The same input gives the same output. Implementations have no state: one
 * instance serves every thread.
 */
public interface Compressor {
  /** The method it encodes. */
  CompressionMethod method();

  /**
   * Encodes {@code input}. It is the caller's own image, so its size is the only limit: for one of
   * up to 64 MiB the xz and LZMA encoders take 0.7 GiB of heap, and for more up to 1.4 GiB;
   * libzstd's level 22 takes several hundred MiB outside the heap.
   *
   * @return the compressed stream, without the size word that the kernel build appends
   */
  byte[] compress(ByteView input);
}
