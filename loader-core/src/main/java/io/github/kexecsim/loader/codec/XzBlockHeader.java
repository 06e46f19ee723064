package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The header of an xz block (xz-file-format 3.1).
 *
 * @param size of the header itself, in bytes
 * @param packedSize of the compressed data, where the header tells it
 * @param unpackedSize of the output, where the header tells it
 * @param filters what the encoder ran before LZMA2, first things first
 */
record XzBlockHeader(
    int size, OptionalLong packedSize, OptionalLong unpackedSize, List<Step> filters) {
  private static final long LZMA2 = 0x21;
  private static final int MAX_DICTIONARY_SIZE = 40;
  private static final int HAS_PACKED_SIZE = 0x40;
  private static final int HAS_UNPACKED_SIZE = 0x80;
  private static final int RESERVED = 0x3c;

  /** One filter with what it needs to know. */
  record Step(XzFilter filter, int parameter) {
    void undo(byte[] bytes, int from, int to) {
      filter.undo(bytes, from, to, parameter);
    }
  }

  XzBlockHeader {
    filters = List.copyOf(filters);
  }

  /** Reads the header at {@code offset}, whose first byte is not 0 (that would be the index). */
  static XzBlockHeader parse(ByteView payload, int offset) {
    int size = (payload.u8(offset) + 1) * 4;
    ByteView header = payload.slice(offset, size);
    XzDecompressor.requireCrc32(header, 0, size - 4, header.u32le(size - 4), "block header");
    ByteView body = header.slice(0, size - 4);
    int flags = body.u8(1);
    if ((flags & RESERVED) != 0) {
      throw unsupported(offset, String.format("has flags 0x%02x, some of them reserved", flags));
    }
    XzVarints fields = new XzVarints(body, 2);
    OptionalLong packedSize = optional(fields, flags & HAS_PACKED_SIZE);
    OptionalLong unpackedSize = optional(fields, flags & HAS_UNPACKED_SIZE);
    List<Step> filters = new ArrayList<>();
    for (int before = flags & 3; before > 0; before--) {
      filters.add(step(fields, offset));
    }
    requireLzma2(fields, offset);
    XzDecompressor.requireZeros(body, fields.offset(), body.size(), "block header padding");
    return new XzBlockHeader(size, packedSize, unpackedSize, filters);
  }

  private static OptionalLong optional(XzVarints fields, int present) {
    return present == 0 ? OptionalLong.empty() : OptionalLong.of(fields.next());
  }

  private static Step step(XzVarints fields, int offset) {
    long id = fields.next();
    ByteView properties = fields.take(fields.next());
    XzFilter filter =
        XzFilter.byId(id)
            .orElseThrow(
                () -> unsupported(offset, String.format("wants the unknown filter 0x%x", id)));
    int parameter =
        filter
            .parameter(properties)
            .orElseThrow(() -> unsupported(offset, "has bad properties for " + filter));
    return new Step(filter, parameter);
  }

  private static void requireLzma2(XzVarints fields, int offset) {
    long id = fields.next();
    ByteView properties = fields.take(fields.next());
    if (id != LZMA2) {
      throw unsupported(offset, String.format("ends its filters with 0x%x, not LZMA2", id));
    }
    if (properties.size() != 1 || properties.u8(0) > MAX_DICTIONARY_SIZE) {
      throw unsupported(offset, "has bad properties for LZMA2");
    }
  }

  private static KexecException unsupported(int offset, String problem) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        String.format("the xz block header at 0x%x %s", offset, problem),
        "compress the payload as the kernel build does: xz --check=crc32");
  }
}
