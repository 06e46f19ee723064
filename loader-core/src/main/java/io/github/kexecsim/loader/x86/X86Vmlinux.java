package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.ProgramHeader;
import io.github.kexecsim.loader.image.RelocationTail;
import io.github.kexecsim.loader.image.SetupField;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The ELF file inside a bzImage, as the image's decompressor places it: every PT_LOAD segment is
 * copied, over the file itself, to where its physical address is from {@code LOAD_PHYSICAL_ADDR},
 * which is the image's pref_address ({@code arch/x86/boot/compressed/misc.c, parse_elf}, v6.1).
 *
 * @param segments the PT_LOAD segments that have a place, in the table's order
 * @param entryOffset where it is entered, from its start
 * @param relocations what stands behind the ELF file; empty where nothing does, or it is malformed
 * @param findings what is wrong with it; usually nothing
 */
public record X86Vmlinux(
    List<Segment> segments,
    long entryOffset,
    Optional<RelocationTail> relocations,
    List<Finding> findings) {
  private static final long SEGMENT_ALIGNMENT = 0x200000;

  private static final long LARGEST = 1L << 52;

  public X86Vmlinux {
    segments = List.copyOf(segments);
    findings = List.copyOf(findings);
  }

  /**
   * A segment and its place.
   *
   * @param header its program header
   * @param start its first byte, from the start of the output
   * @param fileEnd the end of what is copied there
   * @param end the end of its memory, .bss counted in
   */
  public record Segment(ProgramHeader header, long start, long fileEnd, long end) {}

  /**
   * Reads it.
   *
   * @param outer the layer around it
   * @param kernel the decompressed payload
   * @return empty unless a bzImage of protocol 2.10 or newer wraps an ELF file
   */
  public static Optional<X86Vmlinux> of(Layer outer, Layer kernel) {
    return outer.image() instanceof BzImage image
            && image.value(SetupField.PREF_ADDRESS).isPresent()
            && kernel.image() instanceof ElfImage elf
        ? Optional.of(new Reader(image, elf, kernel.bytes()).read())
        : Optional.empty();
  }

  /** Bytes of memory that its segments have beyond those of the file. */
  public long bss() {
    return segments.stream().mapToLong(segment -> segment.end() - segment.fileEnd()).sum();
  }

  /** The end of its memory, from its start. */
  public long end() {
    return segments.stream().mapToLong(Segment::end).max().orElse(0);
  }

  /** Collects what can be read, and findings on what cannot. */
  private static final class Reader {
    private final BzImage image;
    private final ElfImage elf;
    private final ByteView bytes;
    private final List<Finding> findings = new ArrayList<>();

    Reader(BzImage image, ElfImage elf, ByteView bytes) {
      this.image = image;
      this.elf = elf;
      this.bytes = bytes;
    }

    X86Vmlinux read() {
      List<Segment> segments = segments();
      Optional<RelocationTail> relocations = relocations();
      if (elf.is64Bit() && !segments.isEmpty()) {
        relocations.ifPresent(tail -> checkInside(tail, segments));
      }
      return new X86Vmlinux(segments, elf.entry() - image.prefAddress(), relocations, findings);
    }

    private List<Segment> segments() {
      List<Segment> segments = new ArrayList<>();
      try {
        elf.programHeaders(bytes).stream()
            .filter(ProgramHeader::isLoad)
            .forEach(header -> place(header, segments));
      } catch (KexecException e) {
        // The ELF layer's own findings tell.
        return List.of();
      }
      return segments;
    }

    private void place(ProgramHeader header, List<Segment> segments) {
      long start = header.paddr() - image.prefAddress();
      long room = image.initSize() - start;
      long size = Math.max(header.filesz(), header.memsz());
      boolean isSized = header.filesz() >= 0 && header.memsz() >= 0 && size <= LARGEST;
      if (start < 0 || !isSized || room < header.filesz()) {
        add(
            Flaw.SEGMENT_OUTSIDE,
            "a segment of 0x%x bytes goes to 0x%x, outside the 0x%x bytes of init_size at 0x%x",
            header.filesz(),
            header.paddr(),
            image.initSize(),
            image.prefAddress());
        return;
      }
      if (elf.is64Bit() && header.align() % SEGMENT_ALIGNMENT != 0) {
        add(
            Flaw.SEGMENT_MISALIGNED,
            "the segment at 0x%x is aligned to 0x%x, and the decompressor takes multiples of 2 MiB"
                + " only",
            header.paddr(),
            header.align());
      }
      segments.add(new Segment(header, start, start + header.filesz(), start + size));
    }

    private Optional<RelocationTail> relocations() {
      try {
        long end = elf.contentEnd(bytes);
        return end == bytes.size()
            ? Optional.empty()
            : Optional.of(RelocationTail.parse(bytes, end, elf.is64Bit()));
      } catch (KexecException e) {
        findings.add(new Finding(Flaw.RELOCATIONS_MALFORMED, e.getMessage(), e.hint()));
        return Optional.empty();
      }
    }

    /** The decompressor stops at a place outside of what it copied. */
    private void checkInside(RelocationTail tail, List<Segment> segments) {
      long base = image.prefAddress() + X86Image.START_KERNEL_MAP;
      long last = segments.stream().mapToLong(Segment::end).max().orElse(0);
      for (RelocationTail.Group group : tail.groups()) {
        if (!group.isInside(base, base + last)) {
          add(
              Flaw.RELOCATIONS_MALFORMED,
              "%s relocations at 0x%x to 0x%x lead out of the kernel at 0x%x up to 0x%x",
              group.kind().meaning(),
              group.lowest(),
              group.highest(),
              base,
              base + last);
        }
      }
    }

    private void add(Flaw flaw, String message, Object... values) {
      findings.add(
          new Finding(
              flaw,
              String.format(message, values),
              "the payload may be damaged: compare the file's digest with the original's"));
    }
  }
}
