package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A gzip file (RFC 1952), such as arm64's {@code Image.gz}.
 *
 * @param flags FTEXT 1, FHCRC 2, FEXTRA 4, FNAME 8, FCOMMENT 16
 * @param modificationTime seconds since 1970, or 0
 * @param extraFlags 2 for the best, 4 for the fastest compression
 * @param operatingSystem 3 for Unix, 255 for unknown
 * @param isize the last four bytes of the file: the uncompressed size modulo 2^32, where the file
 *     is one member and nothing follows it
 * @param fileSize the whole file's size in bytes
 */
public record GzipImage(
    int flags,
    long modificationTime,
    int extraFlags,
    int operatingSystem,
    long isize,
    long fileSize)
    implements KernelImage {
  static final String FORMAT = "gzip";

  /** Bytes of the fixed header, the shortest deflate stream, and the trailer. */
  static final int MIN_SIZE = 10 + 2 + 8;

  static final int FHCRC = 2;
  static final int FEXTRA = 4;
  static final int FNAME = 8;
  static final int FCOMMENT = 16;
  private static final int RESERVED = 0xe0;
  private static final int DEFLATE = 8;

  static boolean matches(ByteView file) {
    return CompressionMethod.detect(file).equals(Optional.of(CompressionMethod.GZIP));
  }

  /**
   * Reads header and trailer.
   *
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static GzipImage parse(ByteView file) {
    ByteView header = file.slice(0, MIN_SIZE);
    if (!matches(header)) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("no gzip file: 0x%04x at offset 0, expected 0x8b1f", header.u16le(0)));
    }
    if (header.u8(2) != DEFLATE) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("gzip method %s at offset 0x2, expected 8 (deflate)", header.u8(2)));
    }
    int flags = header.u8(3);
    if ((flags & RESERVED) != 0) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("gzip flags 0x%02x at offset 0x3 have reserved bits set", flags));
    }
    return new GzipImage(
        flags,
        header.u32le(4),
        header.u8(8),
        header.u8(9),
        file.u32le(file.size() - 4L),
        file.size());
  }

  /** The flags that add something to the fixed ten bytes of a gzip header, by name. */
  static List<String> optionalParts(int flags) {
    List<String> parts = new ArrayList<>();
    addIfSet(parts, flags, FHCRC, "FHCRC");
    addIfSet(parts, flags, FEXTRA, "FEXTRA");
    addIfSet(parts, flags, FNAME, "FNAME");
    addIfSet(parts, flags, FCOMMENT, "FCOMMENT");
    return parts;
  }

  private static void addIfSet(List<String> parts, int flags, int bit, String name) {
    if ((flags & bit) != 0) {
      parts.add(name);
    }
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return Optional.empty();
  }

  @Override
  public List<Field> fields() {
    return List.of(
        Field.hex("FLG", flags, String.join(" ", optionalParts(flags))),
        Field.decimal("MTIME", modificationTime, "seconds since 1970"),
        Field.decimal("XFL", extraFlags, ""),
        Field.decimal("OS", operatingSystem, operatingSystem == 3 ? "Unix" : ""),
        Field.decimal("ISIZE", isize, "uncompressed size modulo 2^32"));
  }

  @Override
  public List<Finding> findings() {
    return List.of();
  }

  /**
   * The whole file. It declares no size: of several members, or before padding, the last four bytes
   * are not the size of what comes out.
   */
  @Override
  public Optional<Payload> payload(ByteView file) {
    return Optional.of(
        new Payload(0, fileSize, Optional.of(CompressionMethod.GZIP), OptionalLong.empty()));
  }
}
