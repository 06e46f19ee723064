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
 * <p>To work while the decoder runs, size the destination yourself and take a {@link
 * io.github.kexecsim.loader.codec.Decompressor} from {@link
 * io.github.kexecsim.loader.codec.Decompressors}: {@link io.github.kexecsim.loader.codec.Progress}
 * tells how much of it is final.
 */
package io.github.kexecsim.loader.codec;
