package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.zip.CRC32;

/**
 * Decodes one xz stream, as the kernel's decoder does: stream padding and further streams are left
 * alone. Everything that the format can check is checked: the CRC of every header, the check behind
 * each block, the index and the footer.
 *
 * <p>The dictionary's size is ignored, since the destination is the dictionary. So a match that
 * reaches further back than the stream said it would is decoded here, and refused by decoders that
 * keep a window.
 *
 * <p>A branch filter can be undone only when its block is complete, because matches copy filtered
 * bytes: {@link Progress} sees no output of such a block before that.
 */
final class XzDecompressor implements Decompressor {
  static final String DAMAGED = "the image is damaged: compare its digest with the original's";

  private static final byte[] MAGIC = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};
  private static final int HEADER_SIZE = 12;
  private static final int FOOTER_SIZE = 12;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.XZ;
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    XzCheck check = streamHeader(payload);
    // Decoding in place may have overwritten the header by the time of the footer.
    int flags = payload.u16le(6);
    XzIndex index = new XzIndex();
    int offset = HEADER_SIZE;
    int produced = 0;
    while (payload.u8(offset) != 0) {
      Block block = new Block(payload, offset, destination, produced, check, progress);
      block.decode();
      index.add(block.unpaddedSize, block.end - produced);
      offset = block.next;
      produced = block.end;
    }
    int indexSize = index.verify(payload, offset);
    offset += indexSize;
    streamFooter(payload, offset, indexSize, flags);
    progress.at(offset + FOOTER_SIZE, produced);
    return produced;
  }

  private static XzCheck streamHeader(ByteView payload) {
    ByteView header = payload.slice(0, HEADER_SIZE);
    if (!header.matches(0, MAGIC)) {
      throw corrupt("the payload does not begin with the magic of xz");
    }
    requireCrc32(header, 6, 2, header.u32le(8), "stream header");
    int id = header.u8(7);
    XzCheck check = header.u8(6) == 0 ? XzCheck.byId(id) : null;
    if (check == null) {
      throw corrupt("the xz stream header has flags 0x%04x, which no decoder here knows", id);
    }
    return check;
  }

  private static void streamFooter(ByteView payload, int offset, int indexSize, int flags) {
    ByteView footer = payload.slice(offset, FOOTER_SIZE);
    if (!footer.matches(10, "YZ")) {
      throw corrupt("the xz stream footer at 0x%x does not end with YZ", offset);
    }
    requireCrc32(footer, 4, 6, footer.u32le(0), "stream footer");
    if (footer.u32le(4) != indexSize / 4 - 1) {
      throw corrupt("the xz stream footer at 0x%x tells another index size", offset);
    }
    if (footer.u16le(8) != flags) {
      throw corrupt("the xz stream footer at 0x%x has other flags than the header", offset);
    }
  }

  static void requireCrc32(ByteView bytes, int from, int length, long expected, String what) {
    CRC32 crc = new CRC32();
    crc.update(bytes.array(), bytes.arrayOffset() + from, length);
    if (crc.getValue() != expected) {
      throw corrupt("the xz %s has CRC-32 0x%08x, but says 0x%08x", what, crc.getValue(), expected);
    }
  }

  static void requireZeros(ByteView bytes, int from, int to, String what) {
    for (int i = from; i < to; i++) {
      if (bytes.u8(i) != 0) {
        throw corrupt("the xz %s is not all zeros", what);
      }
    }
  }

  static KexecException corrupt(String format, Object... values) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD, String.format(Locale.ROOT, format, values), DAMAGED);
  }

  /** One block while it is decoded. */
  private static final class Block {
    private final ByteView payload;
    private final int offset;
    private final byte[] destination;
    private final int start;
    private final XzCheck check;
    private final Progress progress;
    private int checked;
    private long unpaddedSize;
    private int next;
    private int end;

    Block(
        ByteView payload,
        int offset,
        byte[] destination,
        int start,
        XzCheck check,
        Progress progress) {
      this.payload = payload;
      this.offset = offset;
      this.destination = destination;
      this.start = start;
      this.check = check;
      this.progress = progress;
      this.checked = start;
    }

    void decode() {
      XzBlockHeader header = XzBlockHeader.parse(payload, offset);
      List<XzBlockHeader.Step> filters = header.filters();
      int from = offset + header.size();
      Lzma2Decoder lzma2 =
          new Lzma2Decoder(
              payload, from, destination, start, filters.isEmpty() ? this::settle : this::hold);
      lzma2.decode();
      int packedEnd = lzma2.consumed();
      end = lzma2.produced();
      for (int i = filters.size() - 1; i >= 0; i--) {
        filters.get(i).undo(destination, start, end);
        hold(packedEnd, end);
      }
      while (checked < end) {
        settle(packedEnd, Math.min(end, checked + Progress.STEP));
      }
      requireSize(header.packedSize(), packedEnd - from, "compressed");
      requireSize(header.unpackedSize(), end - start, "uncompressed");
      int checkAt = packedEnd + (-(packedEnd - offset) & 3);
      requireZeros(payload, packedEnd, checkAt, "block padding");
      if (!payload.slice(checkAt, check.size()).matches(0, check.finish())) {
        throw corrupt("the xz block at 0x%x does not agree with its check", offset);
      }
      unpaddedSize = (long) packedEnd - offset + check.size();
      next = checkAt + check.size();
    }

    /** Output up to {@code produced} is final: it can be checked and shown. */
    private void settle(int consumed, int produced) {
      check.update(destination, checked, produced - checked);
      checked = produced;
      progress.at(consumed, produced);
    }

    /** There is output, but a filter has yet to change it. */
    private void hold(int consumed, int produced) {
      progress.at(consumed, start);
    }

    private void requireSize(OptionalLong told, int found, String what) {
      if (told.isPresent() && told.getAsLong() != found) {
        throw corrupt(
            "the xz block at 0x%x has 0x%x %s bytes, but its header says 0x%x",
            offset, found, what, told.getAsLong());
      }
    }
  }
}
