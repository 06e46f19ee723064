package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Locale;

/**
 * The three ways in which a payload can fail to decode, worded alike by every codec. Offsets count
 * from the start of the payload.
 */
final class CodecFault {
  private CodecFault() {}

  /** The payload ends at {@code offset}, inside {@code part}. */
  static KexecException truncated(CompressionMethod method, long offset, String part) {
    return truncated(method, offset, part, null);
  }

  /** As above, found by a library. */
  static KexecException truncated(
      CompressionMethod method, long offset, String part, Throwable cause) {
    return new KexecException(
        Reason.TRUNCATED,
        Reason.TRUNCATED.errno(),
        String.format("the %s payload ends at offset 0x%x, within %s", method, offset, part),
        "the file may be cut short, or its header's payload size too small",
        cause);
  }

  /** What stands at {@code offset} cannot be decoded, for the reason that {@code what} gives. */
  static KexecException corrupt(CompressionMethod method, long offset, String what) {
    return corrupt(method, offset, what, null);
  }

  /** As above, found by a library. */
  static KexecException corrupt(
      CompressionMethod method, long offset, String what, Throwable cause) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        Reason.CORRUPT_PAYLOAD.errno(),
        String.format("the %s payload is corrupt at offset 0x%x: %s", method, offset, what),
        "compare the file's checksum with the original's",
        cause);
  }

  /** A checksum over the output was stored as {@code stored} and came out as {@code computed}. */
  static KexecException checksum(
      CompressionMethod method, long offset, String name, long stored, long computed) {
    return corrupt(
        method,
        offset,
        String.format("%s is stored as 0x%08x and computed as 0x%08x", name, stored, computed));
  }

  /** The payload begins with another method's magic number. */
  static KexecException mistaken(
      CompressionMethod wanted, CompressionMethod found, String firstBytes) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        String.format(
            "the payload looks like %s (it begins with %s), the header says %s",
            found, firstBytes, wanted),
        "the header's method name or payload offset is wrong");
  }

  /** More than {@code capacity} bytes would come out. */
  static KexecException overflow(CompressionMethod method, int capacity) {
    return new KexecException(
        Reason.SIZE_MISMATCH,
        String.format(
            Locale.ROOT, "the %s payload decodes to more than %d bytes", method, capacity),
        "the declared size is wrong, or the payload is not the one it belongs to");
  }
}
