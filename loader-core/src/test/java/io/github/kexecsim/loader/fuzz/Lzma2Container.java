package io.github.kexecsim.loader.fuzz;

import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.tukaani.xz.LZMA2InputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * An xz stream of one block without a check, around LZMA2 chunks.
 *
 * @param stream the whole, right but for the chunks
 * @param expected what XZ for Java makes of it, where it accepts the chunks
 */
record Lzma2Container(byte[] stream, Optional<byte[]> expected) {
  private static final int DICTIONARY = 1 << 20;
  private static final HexFormat HEX = HexFormat.of();

  /** Each with its properties: none, x86, ARM64 from 0 and from 0x1000, RISC-V, delta of 4. */
  private static final List<byte[]> FILTERS =
      List.of(
          new byte[0],
          HEX.parseHex("0400"),
          HEX.parseHex("0a00"),
          HEX.parseHex("0a0400100000"),
          HEX.parseHex("0b00"),
          HEX.parseHex("0700"),
          HEX.parseHex("0800"),
          HEX.parseHex("0500"),
          HEX.parseHex("0900"),
          HEX.parseHex("0600"),
          HEX.parseHex("030103"));

  /** LZMA2 with a dictionary of 1 MiB. */
  private static final byte[] LZMA2 = HEX.parseHex("210110");

  /** Chunks that XZ for Java wrote, with the number of a filter in front. */
  static List<byte[]> seeds() {
    return CodecSeeds.streams(CompressionMethod.XZ).stream()
        .map(stream -> FuzzBytes.of(chunks(stream), stream.length % FILTERS.size()))
        .toList();
  }

  /** What is behind the first block's header. */
  private static byte[] chunks(byte[] stream) {
    int header = stream[12] == 0 ? stream.length : 12 + 4 * (stream[12] + 1);
    return Arrays.copyOfRange(stream, Math.min(header, stream.length), stream.length);
  }

  static Lzma2Container around(byte[] chunks, int filter) {
    ByteArrayInputStream in = new ByteArrayInputStream(chunks);
    Optional<byte[]> unfiltered =
        Oracle.decode(chunks, Decoding.CAPACITY, ignored -> new LZMA2InputStream(in, DICTIONARY));
    boolean whole = unfiltered.isPresent() && unfiltered.get().length <= Decoding.CAPACITY;
    int packed = whole ? chunks.length - in.available() : chunks.length;
    int unpacked = whole ? unfiltered.get().length : 0;
    byte[] stream = stream(Arrays.copyOf(chunks, packed), unpacked, filter);
    return new Lzma2Container(
        stream,
        whole
            ? Oracle.decode(stream, Decoding.CAPACITY, SingleXZInputStream::new)
            : Optional.empty());
  }

  private static byte[] stream(byte[] chunks, int unpacked, int filter) {
    byte[] blockHeader = blockHeader(FILTERS.get(filter % FILTERS.size()));
    ByteArrayOutputStream index = new ByteArrayOutputStream();
    index.writeBytes(new byte[] {0, 1});
    varint(index, blockHeader.length + chunks.length);
    varint(index, unpacked);
    pad(index);
    byte[] sealedIndex = sealed(index.toByteArray());

    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    stream.writeBytes(HEX.parseHex("fd377a585a00"));
    stream.writeBytes(sealed(new byte[2]));
    stream.writeBytes(blockHeader);
    stream.writeBytes(chunks);
    pad(stream);
    stream.writeBytes(sealedIndex);
    byte[] footer = le32(sealedIndex.length / 4 - 1, 2);
    stream.writeBytes(le32(crc(footer), 0));
    stream.writeBytes(footer);
    stream.writeBytes(new byte[] {'Y', 'Z'});
    return stream.toByteArray();
  }

  private static byte[] blockHeader(byte[] filter) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.write(0);
    header.write(filter.length == 0 ? 0 : 1);
    header.writeBytes(filter);
    header.writeBytes(LZMA2);
    pad(header);
    byte[] bytes = header.toByteArray();
    bytes[0] = (byte) (bytes.length / 4);
    return sealed(bytes);
  }

  private static void varint(ByteArrayOutputStream out, int value) {
    int left = value;
    for (; left > 0x7f; left >>>= 7) {
      out.write(left & 0x7f | 0x80);
    }
    out.write(left);
  }

  private static void pad(ByteArrayOutputStream out) {
    while (out.size() % 4 != 0) {
      out.write(0);
    }
  }

  private static byte[] sealed(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes);
    out.writeBytes(le32(crc(bytes), 0));
    return out.toByteArray();
  }

  private static int crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static byte[] le32(int value, int zeros) {
    return ByteBuffer.allocate(4 + zeros).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }
}
