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
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The raw arm64 {@code Image} ({@code arch/arm64/include/asm/image.h}, {@code struct
 * arm64_image_header}, v6.1). Fields of 64 bits are raw bits.
 *
 * @param code0 the first instruction; spells {@code MZ} where the image is an EFI application
 * @param code1 the branch to the kernel's entry
 * @param textOffset where the image wants to be, from a 2 MiB boundary
 * @param rawImageSize the field image_size: bytes in memory, BSS included; 0 before v3.17
 * @param flags bit 0 big-endian, bits 1-2 page size, bit 3 anywhere in physical memory
 * @param res2 reserved
 * @param res3 reserved
 * @param res4 reserved
 * @param peOffset where the PE header stands, or 0
 * @param fileSize the whole file's size in bytes
 */
public record Arm64Image(
    long code0,
    long code1,
    long textOffset,
    long rawImageSize,
    long flags,
    long res2,
    long res3,
    long res4,
    long peOffset,
    long fileSize)
    implements KernelImage {
  static final String FORMAT = "arm64-image";
  static final int HEADER_SIZE = 64;
  private static final int MAGIC_OFFSET = 0x38;
  private static final String MAGIC = "ARM\u0064";

  static boolean matches(ByteView file) {
    return file.matches(MAGIC_OFFSET, MAGIC);
  }

  /**
   * Reads the header, with the kernel's own test ({@code arch/arm64/kernel/kexec_image.c,
   * image_probe}): the magic at 0x38 and nothing else.
   *
   * @param head the file's first bytes, 64 at least
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static Arm64Image parse(ByteView head, long fileSize) {
    ByteView header = head.slice(0, HEADER_SIZE);
    if (!matches(header)) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "no arm64 Image: 0x%08x at offset 0x38, expected 0x644d5241 (\"ARM\\x64\")",
              header.u32le(MAGIC_OFFSET)),
          "arm64 kexec_file_load takes raw Images only: unwrap a zboot or gzip image first");
    }
    return new Arm64Image(
        header.u32le(0),
        header.u32le(4),
        header.u64le(8),
        header.u64le(16),
        header.u64le(24),
        header.u64le(32),
        header.u64le(40),
        header.u64le(48),
        header.u32le(60),
        fileSize);
  }

  /** Whether the kernel's data is big-endian. */
  public boolean bigEndian() {
    return (flags & 1) != 0;
  }

  /** The kernel's page size in bytes; empty where the header does not say. */
  public OptionalInt pageSize() {
    return switch ((int) (flags >> 1) & 3) {
      case 1 -> OptionalInt.of(4096);
      case 2 -> OptionalInt.of(16384);
      case 3 -> OptionalInt.of(65536);
      default -> OptionalInt.empty();
    };
  }

  /** Whether it may be placed anywhere, not only as low as possible (v4.6 on). */
  public boolean anywhere() {
    return (flags & 8) != 0;
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return Optional.of(Architecture.ARM64);
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
        Field.hex("text_offset", textOffset, "from a 2 MiB boundary"),
        Field.hex("image_size", rawImageSize, "bytes in memory, BSS included"),
        Field.hex("flags", flags, describeFlags()),
        Field.hex("res2", res2, ""),
        Field.hex("res3", res3, ""),
        Field.hex("res4", res4, ""),
        Field.hex("res5", peOffset, "offset of the PE header"));
  }

  private String describeFlags() {
    OptionalInt page = pageSize();
    return (bigEndian() ? "big-endian, " : "little-endian, ")
        + (page.isPresent() ? page.getAsInt() / 1024 + "K pages" : "page size not told")
        + (anywhere() ? ", anywhere in physical memory" : ", near the base of memory");
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    if (rawImageSize == 0) {
      findings.add(
          Finding.of(
              Flaw.NO_IMAGE_SIZE,
              "image_size is 0: a kernel before 3.17, which kexec_file_load refuses"));
    } else if (Long.compareUnsigned(fileSize, rawImageSize) > 0) {
      findings.add(
          Finding.of(
              Flaw.LARGER_THAN_IMAGE_SIZE,
              String.format(
                  "the file (0x%x bytes) is larger than image_size (0x%x)",
                  fileSize, rawImageSize)));
    }
    if ((flags & ~0xfL) != 0) {
      findings.add(Finding.of(Flaw.UNDEFINED_FLAGS, "flags that are not defined are set"));
    }
    return findings;
  }
}
