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
import java.util.OptionalLong;

/**
 * The raw riscv {@code Image} ({@code arch/riscv/include/asm/image.h}, {@code struct
 * riscv_image_header}, v6.1). Fields of 64 bits are raw bits.
 *
 * @param code0 the first instructions; begin with {@code MZ} where the image is an EFI application
 * @param code1 the jump to the kernel's entry
 * @param textOffset where the image wants to be, from the start of memory; kexec_file_load takes it
 *     as the alignment
 * @param rawImageSize the field image_size: bytes in memory, BSS included
 * @param flags bit 0 big-endian
 * @param version major in the upper, minor in the lower 16 bits
 * @param res1 reserved
 * @param res2 reserved
 * @param magic {@code RISCV\0\0\0} as a little-endian number; deprecated
 * @param magic2 {@code RSC\x05} as a little-endian number
 * @param peOffset where the PE header stands, or 0
 * @param fileSize the whole file's size in bytes
 */
public record RiscvImage(
    long code0,
    long code1,
    long textOffset,
    long rawImageSize,
    long flags,
    long version,
    long res1,
    long res2,
    long magic,
    long magic2,
    long peOffset,
    long fileSize)
    implements KernelImage {
  static final String FORMAT = "riscv-image";
  static final int HEADER_SIZE = 64;
  private static final int MAGIC_OFFSET = 0x30;
  private static final int MAGIC2_OFFSET = 0x38;
  private static final String MAGIC = "RISCV\0\0\0";
  private static final String MAGIC2 = "RSC\u0005";
  private static final long MAGIC2_NUMBER = 0x0543_5352L;
  private static final long VERSION_0_2 = 2;

  static boolean matches(ByteView file) {
    return file.matches(MAGIC_OFFSET, MAGIC) || file.matches(MAGIC2_OFFSET, MAGIC2);
  }

  /**
   * Reads the header with the kernel's own test ({@code arch/riscv/kernel}, {@code image_probe} of
   * kexec_file): magic2 is looked at from header version 0.2 on, and below that nothing is. So it
   * takes an arm64 Image, whose reserved word reads as version 0, like the real kernel does; {@link
   * ImageProbe} asks for a magic.
   *
   * @param head the file's first bytes, 64 at least
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static RiscvImage parse(ByteView head, long fileSize) {
    ByteView header = head.slice(0, HEADER_SIZE);
    long version = header.u32le(32);
    if (version >= VERSION_0_2 && !header.matches(MAGIC2_OFFSET, MAGIC2)) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "no riscv Image: 0x%08x at offset 0x38, expected 0x%08x (\"RSC\\x05\") from header"
                  + " version 0.2 on",
              header.u32le(MAGIC2_OFFSET), MAGIC2_NUMBER),
          "riscv64 kexec_file_load takes raw Images only: unwrap a zboot or gzip image first");
    }
    return new RiscvImage(
        header.u32le(0),
        header.u32le(4),
        header.u64le(8),
        header.u64le(16),
        header.u64le(24),
        version,
        header.u32le(36),
        header.u64le(40),
        header.u64le(MAGIC_OFFSET),
        header.u32le(MAGIC2_OFFSET),
        header.u32le(60),
        fileSize);
  }

  /** Whether the kernel's data is big-endian; no such kernel exists to this day. */
  public boolean bigEndian() {
    return (flags & 1) != 0;
  }

  /** The header version's upper half. */
  public int majorVersion() {
    return (int) (version >>> 16);
  }

  /** The header version's lower half. */
  public int minorVersion() {
    return (int) (version & 0xffff);
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return Optional.of(Architecture.RISCV64);
  }

  @Override
  public OptionalLong imageSize() {
    return rawImageSize == 0 ? OptionalLong.empty() : OptionalLong.of(rawImageSize);
  }

  @Override
  public List<Field> fields() {
    return List.of(
        Field.hex("code0", code0, (code0 & 0xffff) == 0x5a4d ? "MZ: an EFI application" : ""),
        Field.hex("code1", code1, ""),
        Field.hex(
            "text_offset", textOffset, "from the start of memory; kexec takes it as alignment"),
        Field.hex("image_size", rawImageSize, "bytes in memory, BSS included"),
        Field.hex("flags", flags, bigEndian() ? "big-endian" : "little-endian"),
        Field.hex("version", version, majorVersion() + "." + minorVersion()),
        Field.hex("res1", res1, ""),
        Field.hex("res2", res2, ""),
        Field.hex("magic", magic, "deprecated"),
        Field.hex("magic2", magic2, ""),
        Field.hex("res3", peOffset, "offset of the PE header"));
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    if (magic2 != MAGIC2_NUMBER) {
      findings.add(
          Finding.of(
              Flaw.MAGIC_MISSING,
              "magic2 is missing, which the kernel does not look at below header version 0.2:"
                  + " this may be an image for another architecture"));
    }
    if (rawImageSize == 0) {
      findings.add(Finding.of(Flaw.NO_IMAGE_SIZE, "image_size is 0"));
    } else if (Long.compareUnsigned(fileSize, rawImageSize) > 0) {
      findings.add(
          Finding.of(
              Flaw.LARGER_THAN_IMAGE_SIZE,
              String.format(
                  "the file (0x%x bytes) is larger than image_size (0x%x)",
                  fileSize, rawImageSize)));
    }
    if ((flags & ~1L) != 0) {
      findings.add(Finding.of(Flaw.UNDEFINED_FLAGS, "flags that are not defined are set"));
    }
    return findings;
  }
}
