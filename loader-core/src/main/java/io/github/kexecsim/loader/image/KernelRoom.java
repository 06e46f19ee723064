package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.uki.UkiSection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * Whether a UKI's kernel fits where it is put, and goes with the rest.
 *
 * <p>An x86 stub runs a kernel where it lies by the EFI handover protocol: systemd-stub before v252
 * every kernel, until v257 those whose own EFI stub is older than 1.0, which are Linux before v5.8
 * ({@code src/boot/linux.c, linux_exec}). Any other copies the kernel to memory of its own.
 */
final class KernelRoom {
  private static final int FIRST_COPYING_STUB = 252;
  private static final int FIRST_ALWAYS_COPYING_STUB = 258;
  private static final long DEFAULT_ALIGNMENT = 0x1000;
  private static final long MAX_ALIGNMENT = 1 << 24;
  private static final long ADDRESSES = 1L << 32;

  private final UkiImage uki;
  private final Section linux;
  private final Optional<KernelImage> kernel;
  private final Optional<PeHeader> kernelPe;

  private KernelRoom(
      UkiImage uki, Section linux, Optional<KernelImage> kernel, Optional<PeHeader> kernelPe) {
    this.uki = uki;
    this.linux = linux;
    this.kernel = kernel;
    this.kernelPe = kernelPe;
  }

  /** Of the profile's kernel; empty where there is none. */
  static Optional<KernelRoom> of(UkiImage uki, ByteView file) {
    return uki.linux()
        .map(
            linux ->
                new KernelRoom(
                    uki,
                    linux,
                    read(() -> Optional.of(ImageProbe.parse(linux.in(file)))),
                    read(() -> PeHeader.find(linux.in(file)))));
  }

  /** A header; empty where it cannot be read: whoever peels the kernel off tells why. */
  private static <T> Optional<T> read(Supplier<Optional<T>> reader) {
    try {
      return reader.get();
    } catch (KexecException e) {
      return Optional.empty();
    }
  }

  private Optional<BzImage> bzImage() {
    return kernel.filter(BzImage.class::isInstance).map(BzImage.class::cast);
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    checkArchitecture(findings);
    next().ifPresent(next -> checkRoom(next, findings));
    checkCommandLine(findings);
    return findings;
  }

  private void checkArchitecture(List<Finding> findings) {
    Optional<Architecture> stub = uki.architecture();
    Optional<Architecture> built = kernel.flatMap(KernelImage::architecture);
    if (stub.isPresent() && built.isPresent() && !stub.equals(built)) {
      findings.add(
          new Finding(
              Flaw.KERNEL_OF_OTHER_ARCHITECTURE,
              "the stub is for " + stub.get() + ", the kernel in .linux for " + built.get(),
              "take the stub for " + built.get()));
    }
  }

  /** The section that follows in memory, or begins at the same address. */
  private Optional<Section> next() {
    Section next = null;
    for (Section row : uki.pe().sections()) {
      boolean behind = row != linux && row.virtualAddress() >= linux.virtualAddress();
      if (behind
          && row.virtualSize() != 0
          && (next == null || row.virtualAddress() < next.virtualAddress())) {
        next = row;
      }
    }
    return Optional.ofNullable(next);
  }

  private void checkRoom(Section next, List<Finding> findings) {
    long start = linux.virtualAddress();
    long data = Math.min(linux.virtualSize(), linux.rawSize());
    long needed = Math.max(data, inMemory());
    String name = Field.printable(next.name());
    String remedy = remedy(name, start + needed);
    if (start + data > next.virtualAddress()) {
      findings.add(
          new Finding(
              Flaw.KERNEL_LARGER_THAN_SLOT,
              String.format(
                  "the kernel in .linux takes 0x%x to 0x%x (0x%x bytes), but section %s begins at"
                      + " 0x%x: its slot is 0x%x bytes",
                  start,
                  start + data - 1,
                  data,
                  name,
                  next.virtualAddress(),
                  next.virtualAddress() - start),
              remedy));
    }
    if (start + needed > next.virtualAddress()) {
      findings.add(
          new Finding(
              runsInPlace() ? Flaw.NO_ROOM_TO_DECOMPRESS : Flaw.LITTLE_ROOM_BEHIND_KERNEL,
              String.format(
                  "too little room behind .linux: started where it lies, the kernel takes up to"
                      + " 0x%x bytes, 0x%x to 0x%x, but section %s begins at 0x%x; %s",
                  needed, start, start + needed - 1, name, next.virtualAddress(), whoRunsItThere()),
              remedy));
    }
  }

  private String remedy(String next, long end) {
    long alignment = uki.pe().sectionAlignment();
    boolean usable = Long.bitCount(alignment) == 1 && alignment <= MAX_ALIGNMENT;
    long step = usable ? Math.max(alignment, DEFAULT_ALIGNMENT) : DEFAULT_ALIGNMENT;
    long free = Alignment.up(end, step);
    return free >= ADDRESSES
        ? "place .linux lower, or let ukify compute the addresses"
        : String.format(
            "place %s at 0x%x or above, or let ukify compute the addresses", next, free);
  }

  /**
   * How far a kernel that runs in place reaches, from the start of {@code .linux}: what its header
   * says, and on x86 the room for decompression, before which it aligns itself.
   */
  private long inMemory() {
    long header = kernel.map(image -> image.imageSize().orElse(0)).orElse(0L);
    long sizeOfImage = kernelPe.map(PeHeader::sizeOfImage).orElse(0L);
    long bounded = header < 0 || header > ADDRESSES ? 0 : header;
    long x86 = bzImage().map(BzImage::inPlaceSize).orElse(0L);
    return Math.max(x86, Math.max(bounded, sizeOfImage));
  }

  private boolean runsInPlace() {
    boolean x86 =
        uki.pe().machine() == PeMachine.X86_64.number()
            || uki.pe().machine() == PeMachine.I386.number();
    OptionalInt stub = uki.texts().stubRelease();
    return x86 && (stub.isEmpty() || stub.getAsInt() < firstCopying());
  }

  /** The first release of systemd-stub that copies this kernel. */
  private int firstCopying() {
    boolean old = kernelPe.map(pe -> pe.majorImageVersion() < 1).orElse(true);
    return old ? FIRST_ALWAYS_COPYING_STUB : FIRST_COPYING_STUB;
  }

  private String whoRunsItThere() {
    if (!runsInPlace()) {
      return "systemd-stub since 252 copies such a kernel elsewhere, other stubs may not";
    }
    String stub = uki.texts().stubVersion();
    return stub.isEmpty()
        ? "stubs before systemd 252 start it there, and which one this is is not known"
        : "systemd-stub " + Field.printable(stub) + " starts it there";
  }

  private void checkCommandLine(List<Finding> findings) {
    long most = bzImage().map(BzImage::cmdlineSize).orElse(0L);
    Optional<Section> row = uki.sections().one(UkiSection.CMDLINE);
    long size = row.map(line -> Math.min(line.virtualSize(), line.rawSize())).orElse(0L);
    if (most != 0 && size > most) {
      findings.add(
          new Finding(
              Flaw.COMMAND_LINE_TOO_LONG,
              String.format(
                  "section .cmdline has 0x%x bytes, but the kernel takes 0x%x (cmdline_size)",
                  size, most),
              String.format("shorten it by 0x%x bytes", size - most)));
    }
  }
}
