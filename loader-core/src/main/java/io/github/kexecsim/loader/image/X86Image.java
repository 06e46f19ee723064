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
 * A raw image of an x86_64 kernel, as the payload of an EFI zboot image would be one ("efi:
 * Implement generic zboot support", an RFC of April 2023 that was not merged): the kernel as it
 * lies in memory, entered at its first byte, with two numbers inside NOPs that stand in its first
 * instructions. BSS is part of it; behind it stand the relocations that {@link X86Relocations}
 * reads, or nothing.
 *
 * @param imageSizeField what it takes in memory, BSS included, from its start; 32 bits
 * @param codeSize how much of it, from its start, holds all code that runs before the kernel has
 *     page tables of its own; 32 bits
 * @param fileSize its size with the relocations in bytes
 */
public record X86Image(long imageSizeField, long codeSize, long fileSize) implements KernelImage {
  static final String FORMAT = "x86-Image";

  /** Where kernels are linked: {@code LOAD_PHYSICAL_ADDR} with CONFIG_PHYSICAL_START as it is. */
  public static final long LOAD_PHYSICAL_ADDR = 16L << 20;

  /**
   * {@code __START_KERNEL_map}: how far a 64-bit kernel's virtual addresses are above its physical
   * ones, where neither is randomised.
   */
  public static final long START_KERNEL_MAP = 0xffff_ffff_8000_0000L;

  /** The virtual address of the kernel's first byte. */
  static final long LINK_ADDRESS = START_KERNEL_MAP + LOAD_PHYSICAL_ADDR;

  /** {@code efi_get_kimg_min_align} of the RFC, and CONFIG_PHYSICAL_ALIGN as it is. */
  public static final long ALIGN = 2L << 20;

  static final int IMAGE_SIZE_OFFSET = 0x10;
  static final int CODE_SIZE_OFFSET = 0x20;

  /** Where the second NOP ends. */
  public static final int HEADER_SIZE = 0x24;

  /** {@code nopl disp32(%rax)}, whose displacement is the number. */
  private static final byte[] NOP = {0x0f, 0x1f, (byte) 0x80};

  /** Whether a file begins like one. */
  public static boolean matches(ByteView file) {
    return file.matches(IMAGE_SIZE_OFFSET - NOP.length, NOP)
        && file.matches(CODE_SIZE_OFFSET - NOP.length, NOP);
  }

  /** The NOPs' opcodes, in front of either number. */
  static byte[] nop() {
    return NOP.clone();
  }

  /**
   * Reads the numbers.
   *
   * @param head the file's first bytes, 0x24 at least
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static X86Image parse(ByteView head, long fileSize) {
    ByteView header = head.slice(0, HEADER_SIZE);
    if (!matches(header)) {
      throw new KexecException(
          Reason.BAD_HEADER, "no raw x86 image: no NOPs of seven bytes at offsets 0xd and 0x1d");
    }
    return new X86Image(header.u32le(IMAGE_SIZE_OFFSET), header.u32le(CODE_SIZE_OFFSET), fileSize);
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return Optional.of(Architecture.X86_64);
  }

  @Override
  public OptionalLong imageSize() {
    return imageSizeField == 0 ? OptionalLong.empty() : OptionalLong.of(imageSizeField);
  }

  /** How many bytes of relocations stand behind it. */
  public long relocationsSize() {
    return Math.max(0, fileSize - imageSizeField);
  }

  @Override
  public List<Field> fields() {
    return List.of(
        Field.hex("image_size", imageSizeField, "in memory, BSS included"),
        Field.hex("code_size", codeSize, "holds all code of the start"));
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        Finding.of(
            Flaw.PROPOSED_FORMAT,
            "raw x86 images come from an RFC of 2023: no released kernel is built so, and none"
                + " loads them"));
    if (imageSizeField == 0) {
      findings.add(Finding.of(Flaw.NO_IMAGE_SIZE, "image_size at offset 0x10 is 0"));
    }
    if (codeSize > imageSizeField) {
      findings.add(
          Finding.of(
              Flaw.CODE_BEYOND_IMAGE,
              String.format(
                  "code_size at offset 0x20 is 0x%x, more than the 0x%x of the image",
                  codeSize, imageSizeField)));
    }
    return findings;
  }
}
