package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The 32-bit Arm {@code zImage} ({@code arch/arm/boot/compressed/head.S}): recognised and shown;
 * its architecture is not modelled.
 *
 * @param start the address it wants to run at; 0 for anywhere
 * @param end the address behind it, so that {@code end - start} is its size; 32 bits
 * @param endianness 0x04030201 as the kernel's own byte order writes it
 * @param tableMagic 0x45454545 where {@code table} is meaningful
 * @param table the offset of the table of tags
 * @param fileSize the whole file's size in bytes
 */
public record ArmZImage(
    long start, long end, long endianness, long tableMagic, long table, long fileSize)
    implements KernelImage {
  static final String FORMAT = "arm-zImage";
  static final int HEADER_SIZE = 0x3c;
  private static final int MAGIC_OFFSET = 0x24;
  private static final long MAGIC = 0x016f_2818L;
  private static final long LITTLE_ENDIAN = 0x0403_0201L;
  private static final long BIG_ENDIAN = 0x0102_0304L;
  private static final long TABLE_MAGIC = 0x4545_4545L;

  static boolean matches(ByteView file) {
    return file.size() >= MAGIC_OFFSET + 4 && file.u32le(MAGIC_OFFSET) == MAGIC;
  }

  /**
   * Reads the header.
   *
   * @param head the file's first bytes, 0x3c at least
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static ArmZImage parse(ByteView head, long fileSize) {
    ByteView header = head.slice(0, HEADER_SIZE);
    if (!matches(header)) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "no Arm zImage: 0x%08x at offset 0x24, expected 0x%08x",
              header.u32le(MAGIC_OFFSET), MAGIC));
    }
    return new ArmZImage(
        header.u32le(0x28),
        header.u32le(0x2c),
        header.u32le(0x30),
        header.u32le(0x34),
        header.u32le(0x38),
        fileSize);
  }

  /** Whether the kernel's data is big-endian. */
  public boolean bigEndian() {
    return endianness == BIG_ENDIAN;
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
        Field.hex("magic", MAGIC, ""),
        Field.hex("start", start, start == 0 ? "anywhere" : "run address"),
        Field.hex("end", end, ""),
        Field.hex(
            "endianness",
            endianness,
            bigEndian() ? "big-endian" : endianness == LITTLE_ENDIAN ? "little-endian" : ""),
        Field.hex("table_magic", tableMagic, ""),
        Field.hex("table", table, tableMagic == TABLE_MAGIC ? "offset of the tags" : "no table"));
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        Finding.of(Flaw.NOT_MODELLED, "a 32-bit Arm kernel: the architecture is not modelled"));
    if (end - start > fileSize) {
      findings.add(
          Finding.of(
              Flaw.BEYOND_FILE,
              String.format(
                  "end - start is 0x%x, but the file has 0x%x bytes", end - start, fileSize)));
    }
    if (endianness != LITTLE_ENDIAN && endianness != BIG_ENDIAN) {
      findings.add(
          Finding.of(
              Flaw.UNKNOWN_ENDIANNESS, "the endianness word is neither 0x04030201 nor 0x01020304"));
    }
    return findings;
  }

  @Override
  public Optional<String> unsupported() {
    return Optional.of("a zImage of 32-bit Arm, whose kexec_file_load does not exist");
  }
}
