/**
 * Decompression of kernel payloads, and compression as the kernel build does it.
 *
 * <p>An image's header says where its payload is, how it is compressed and mostly how large it is
 * inside; {@link io.github.kexecsim.loader.codec.CompressedPayload} holds the three and gives the
 * content, within a limit:
 *
 * <pre>{@code
 * byte[] image = new CompressedPayload(method, bytes, OptionalLong.of(size)).decompress(limit);
 * }</pre>
 *
 * <p>To work while the decoder runs, hand in a {@link io.github.kexecsim.loader.codec.Progress}: it
 * tells how much of the output is final. To size the destination yourself, take a {@link
 * io.github.kexecsim.loader.codec.Decompressor} from {@link
 * io.github.kexecsim.loader.codec.Decompressors}.
 */
package io.github.kexecsim.loader.codec;
