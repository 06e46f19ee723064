package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.InPlace;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.image.SetupField;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.x86.DecompressorRegion.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The memory of a bzImage's decompressor, as the image's headers tell it; nothing is decompressed
 * for it. The decompressor moves itself to the end of {@code init_size} bytes, and decompresses to
 * their start ({@code arch/x86/boot/compressed/head_64.S}, {@code vmlinux.lds.S} and {@code misc.c,
 * extract_kernel}, v6.1). Offsets count from the start of the protected-mode kernel where it is
 * loaded, and from the start of the output where it has moved.
 *
 * @param setupSize bytes of boot sector and setup in front of it in the file
 * @param initSize bytes of memory from the output's start
 * @param prefAddress where the output begins at least; 64 raw bits
 * @param alignment what the output's address is a multiple of, a power of two
 * @param fileEnd the end of what the file has of it: {@code _edata}
 * @param memoryEnd the end of its memory, .bss and page tables counted in: {@code _end}; empty for
 *     images before v6.7, which do not tell
 * @param payload what it decompresses, from the start of the file
 * @param payloadLength bytes of the payload, a size word behind it counted in
 * @param outputSize bytes of output
 */
public record X86Decompressor(
    long setupSize,
    long initSize,
    long prefAddress,
    long alignment,
    long fileEnd,
    OptionalLong memoryEnd,
    Payload payload,
    long payloadLength,
    long outputSize) {
  /** {@code BOOT_STACK_SIZE}, bytes of .bss. */
  public static final long STACK_SIZE = 0x4000;

  /** {@code BOOT_PGT_SIZE} and one table more, since v6.6. */
  private static final long PAGE_TABLE_SIZE = 33 * 0x1000;

  private static final long CACHE_LINE = 64;
  private static final long PAGE = 0x1000;

  /** Reads it; empty for other images, damaged ones, and protocols before 2.10. */
  public static Optional<X86Decompressor> of(Layer layer) {
    return layer.image() instanceof BzImage image ? of(image, layer.bytes()) : Optional.empty();
  }

  /**
   * Reads it; empty for damaged images and for protocols before 2.10.
   *
   * @param file the whole file
   */
  public static Optional<X86Decompressor> of(BzImage image, ByteView file) {
    if (image.value(SetupField.INIT_SIZE).isEmpty()
        || Long.bitCount(image.kernelAlignment()) != 1) {
      return Optional.empty();
    }
    try {
      Payload payload = image.payload(file).orElseThrow();
      Optional<PeHeader.Section> data = image.dataSection(file);
      long start = data.map(PeHeader.Section::virtualAddress).orElse(0L) - image.setupSize();
      long fileEnd =
          data.map(section -> start + section.rawSize())
              .orElse(image.value(SetupField.SYSSIZE).orElse(0) << 4);
      OptionalLong memoryEnd =
          data.isPresent()
              ? OptionalLong.of(start + data.get().virtualSize())
              : OptionalLong.empty();
      long payloadEnd = image.payloadOffset() + image.payloadLength();
      if (fileEnd < payloadEnd || memoryEnd.orElse(fileEnd) < fileEnd) {
        return Optional.empty();
      }
      return Optional.of(
          new X86Decompressor(
              image.setupSize(),
              image.initSize(),
              image.prefAddress(),
              image.kernelAlignment(),
              fileEnd,
              memoryEnd,
              payload,
              image.payloadLength(),
              payload.declaredSize().orElseThrow()));
    } catch (KexecException e) {
      // Whoever peels the layers meets and reports it.
      return Optional.empty();
    }
  }

  /** Where .bss begins where the image is loaded: {@code _bss}. */
  public long bssStart() {
    return Alignment.up(fileEnd, CACHE_LINE);
  }

  /**
   * {@code BOOT_HEAP_SIZE}, bytes of .bss: 4 MiB for bzip2, 192 KiB for zstd, and 64 KiB for the
   * others ({@code arch/x86/include/asm/boot.h}, since v5.9).
   */
  public long heapSize() {
    return payload.method().map(X86Decompressor::heapSize).orElse(0x10000L);
  }

  private static long heapSize(CompressionMethod method) {
    return switch (method) {
      case BZIP2 -> 0x400000;
      case ZSTD -> 0x30000;
      default -> 0x10000;
    };
  }

  /**
   * The least init_size by which it decompresses in place: {@code ZO_INIT_SIZE} of {@code
   * arch/x86/boot/header.S}, whose margin is that of v5.9 and newer. Empty where {@link #memoryEnd}
   * is.
   */
  public OptionalLong neededInitSize() {
    return memoryEnd.isPresent()
        ? OptionalLong.of(
            memoryEnd.getAsLong()
                + Alignment.up(InPlace.kernelStart(outputSize, payloadLength), PAGE))
        : OptionalLong.empty();
  }

  /**
   * How far the payload's end, without a size word, lies behind the output's where it is
   * decompressed, in bytes; negative where the output runs over it. Whether that is enough is
   * {@link InPlace}'s to measure. Empty where {@link #memoryEnd} is.
   */
  public OptionalLong margin() {
    return memoryEnd.isPresent()
        ? OptionalLong.of(
            initSize - memoryEnd.getAsLong() + payloadStart() + payload.size() - outputSize)
        : OptionalLong.empty();
  }

  /** Where it moves itself to; empty where its size is not known, or does not fit. */
  public OptionalLong movedTo() {
    return memoryEnd.isPresent() && memoryEnd.getAsLong() <= initSize
        ? OptionalLong.of(initSize - memoryEnd.getAsLong())
        : OptionalLong.empty();
  }

  /**
   * What lies where once it has moved, by address; the output may cover the rest of what was read.
   * The output alone where its own size is not told. Where .bss ends and the page tables begin is
   * as v6.7 links them; it is left open where that cannot be.
   */
  public List<DecompressorRegion> regions() {
    List<DecompressorRegion> regions = new ArrayList<>();
    regions.add(new DecompressorRegion(Role.OUTPUT, 0, outputSize));
    if (movedTo().isPresent()) {
      long base = movedTo().getAsLong();
      long end = memoryEnd.getAsLong();
      long payloadEnd = payloadStart() + payloadLength;
      regions.add(new DecompressorRegion(Role.HEAD, base, base + payloadStart()));
      regions.add(new DecompressorRegion(Role.PAYLOAD, base + payloadStart(), base + payloadEnd));
      regions.add(new DecompressorRegion(Role.TEXT_AND_DATA, base + payloadEnd, base + fileEnd));
      long tables = Math.max(end - PAGE_TABLE_SIZE, 0);
      long bssEnd = tables - bssStart() >= heapSize() + STACK_SIZE ? tables : end;
      regions.add(
          new DecompressorRegion(Role.BSS, base + Math.min(bssStart(), end), base + bssEnd));
      if (bssEnd < end) {
        regions.add(new DecompressorRegion(Role.PAGE_TABLES, base + bssEnd, base + end));
      }
    }
    return regions;
  }

  /**
   * Which memory must be zero where the image was put by a loader that copies the file and zeroes
   * what is behind it, as kexec does.
   *
   * @param mem the physical address of the protected-mode kernel
   * @param bufsz how many bytes of the file were copied there
   * @param memsz up to where the loader zeroed
   */
  public List<ZeroRange> zeroRanges(long mem, long bufsz, long memsz) {
    if (mem < 0 || mem > PhysRange.LIMIT || bufsz < 0 || memsz < bufsz) {
      throw new IllegalArgumentException(
          String.format("not a loaded kernel: 0x%x of 0x%x bytes at 0x%x", bufsz, memsz, mem));
    }
    List<ZeroRange> ranges = new ArrayList<>();
    if (memoryEnd.isPresent()) {
      long end = memoryEnd.getAsLong();
      long zeroedFrom = Math.max(bssStart(), bufsz);
      ZeroRange.add(ranges, mem, bssStart(), Math.min(zeroedFrom, end), ZeroRange.By.NOBODY);
      ZeroRange.add(ranges, mem, zeroedFrom, Math.min(end, memsz), ZeroRange.By.LOADER);
      ZeroRange.add(ranges, mem, Math.max(zeroedFrom, memsz), end, ZeroRange.By.NOBODY);
    }
    long aligned = Alignment.up(mem, alignment);
    boolean isAddress = prefAddress >= 0 && prefAddress <= PhysRange.LIMIT;
    long output = isAddress ? Math.max(aligned, prefAddress) : aligned;
    if (movedTo().isPresent()) {
      ZeroRange.add(
          ranges,
          output + movedTo().getAsLong(),
          bssStart(),
          memoryEnd.getAsLong(),
          ZeroRange.By.DECOMPRESSOR);
    }
    return List.copyOf(ranges);
  }

  /** What is wrong with its layout; usually nothing. */
  public List<Finding> findings() {
    OptionalLong needed = neededInitSize();
    if (needed.isPresent() && initSize < needed.getAsLong()) {
      return List.of(
          new Finding(
              Flaw.INIT_SIZE_TOO_SMALL,
              String.format(
                  "init_size 0x%x at offset 0x260 is too small to decompress in place: the kernel's"
                      + " own formula wants 0x%x",
                  initSize, needed.getAsLong()),
              "the header may be damaged: compare the file's digest with the original's"));
    }
    if (initSize < outputSize) {
      return List.of(
          new Finding(
              Flaw.INIT_SIZE_TOO_SMALL,
              String.format(
                  "init_size 0x%x at offset 0x260 is less than the 0x%x bytes that come out",
                  initSize, outputSize),
              "the header may be damaged: compare the file's digest with the original's"));
    }
    return List.of();
  }

  private long payloadStart() {
    return payload.offset() - setupSize;
  }
}
