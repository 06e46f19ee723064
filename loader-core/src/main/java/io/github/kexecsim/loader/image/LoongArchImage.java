package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The raw loongarch64 {@code vmlinux.efi} ({@code arch/loongarch/kernel/head.S}, v6.1). Fields of
 * 64 bits are raw bits.
 *
 * @param kernelEntry the entry point: a virtual address, or an offset into the image, by version
 * @param rawImageSize the field kernel_asize: bytes in memory, BSS included
 * @param textOffset where the image wants to be, from the start of memory
 * @param linuxMagic the word at 0x38: 0x818223cd in newer images, 0 in older ones
 * @param peOffset where the PE header stands
 * @param fileSize the whole file's size in bytes
 */
public record LoongArchImage(
    long kernelEntry,
    long rawImageSize,
    long textOffset,
    long linuxMagic,
    long peOffset,
    long fileSize)
    implements KernelImage {
  static final String FORMAT = "loongarch-image";
  static final int HEADER_SIZE = 64;

  /**
   * The kernel's own probe looks at {@code MZ} only. Since every EFI application begins so, an
   * unknown file is asked for the machine in its PE header too.
   */
  static boolean matches(ByteView file) {
    if (!file.matches(0, "MZ") || file.size() < HEADER_SIZE) {
      return false;
    }
    long pe = file.u32le(0x3c);
    int machine = PeMachine.LOONGARCH64.number();
    return file.matches(pe, "PE\0\0")
        && file.matches(pe + 4, (byte) machine, (byte) (machine >> 8));
  }

  /**
   * Reads the header with the kernel's own test, {@code MZ} and nothing else.
   *
   * @param head the file's first bytes, 64 at least
   * @param fileSize the whole file's size
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static LoongArchImage parse(ByteView head, long fileSize) {
    ByteView header = head.slice(0, HEADER_SIZE);
    if (!header.matches(0, "MZ")) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "no loongarch Image: 0x%04x at offset 0, expected 0x5a4d (\"MZ\")", header.u16le(0)),
          "loongarch64 kexec_file_load takes EFI images only");
    }
    return new LoongArchImage(
        header.u64le(8),
        header.u64le(16),
        header.u64le(24),
        header.u32le(0x38),
        header.u32le(0x3c),
        fileSize);
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return Optional.of(Architecture.LOONGARCH64);
  }

  @Override
  public OptionalLong imageSize() {
    return rawImageSize == 0 ? OptionalLong.empty() : OptionalLong.of(rawImageSize);
  }

  @Override
  public List<Field> fields() {
    return List.of(
        Field.hex("kernel_entry", kernelEntry, ""),
        Field.hex("kernel_asize", rawImageSize, "bytes in memory, BSS included"),
        Field.hex("text_offset", textOffset, "from the start of memory"),
        Field.hex("linux_pe_magic", linuxMagic, ""),
        Field.hex("pe_header", peOffset, "offset of the PE header"));
  }

  @Override
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    if (rawImageSize == 0) {
      findings.add(Finding.of(Flaw.NO_IMAGE_SIZE, "kernel_asize is 0"));
    } else if (Long.compareUnsigned(fileSize, rawImageSize) > 0) {
      findings.add(
          Finding.of(
              Flaw.LARGER_THAN_IMAGE_SIZE,
              String.format(
                  "the file (0x%x bytes) is larger than kernel_asize (0x%x)",
                  fileSize, rawImageSize)));
    }
    boolean isToldAndSized =
        rawImageSize != 0 && linuxMagic == Integer.toUnsignedLong(ZbootImage.LINUX_PE_MAGIC);
    if (isToldAndSized && Long.compareUnsigned(kernelEntry - textOffset, rawImageSize) >= 0) {
      findings.add(
          new Finding(
              Flaw.ENTRY_OUTSIDE_IMAGE,
              String.format(
                  "kernel_entry 0x%x is outside the image, 0x%x bytes from 0x%x: the kernel takes it"
                      + " unseen",
                  kernelEntry, rawImageSize, textOffset),
              "the header is damaged: compare the file's digest with the original's"));
    }
    return findings;
  }
}
