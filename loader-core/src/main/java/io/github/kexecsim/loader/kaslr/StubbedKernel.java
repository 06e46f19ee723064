package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtEditor;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A kernel image that firmware has mapped, and whose EFI stub is about to run: where that puts the
 * kernel.
 *
 * @param layer the image: a kernel with a stub of its own, or a zboot image whose stub unpacks the
 *     kernel straight to its place
 * @param mapped where firmware mapped it
 * @param free what memory is left, in whole pages, ascending
 * @param machine the machine
 * @param version the version that the kernel is taken to be of
 * @param commandLine what it is started with
 * @param seed stands in for the randomness of EFI_RNG_PROTOCOL
 */
public record StubbedKernel(
    Layer layer,
    PhysRange mapped,
    List<PhysRange> free,
    Machine machine,
    KernelVersion version,
    String commandLine,
    long seed) {
  /** What every such outlook takes for granted. */
  static final String FIRMWARE = "firmware that has taken no memory but for the image";

  static final String SEED = "the seed stands in for EFI_RNG_PROTOCOL's random numbers";

  /** More than any machine has, and less than makes sums of addresses overflow. */
  private static final long MAX_SIZE = 1L << 47;

  private static final int SEED_WORD = 4;
  private static final int RANDOM_SEED = 32;
  private static final int KASLR_SEED = 8;

  public StubbedKernel {
    free = List.copyOf(free);
  }

  /** Where it may end up; empty where no rule is known, or the stub finds no place. */
  public Optional<KaslrOutlook> outlook() {
    if (!layer.image().architecture().equals(Optional.of(machine.architecture()))) {
      return Optional.empty();
    }
    return switch (machine.architecture()) {
      case ARM64, RISCV64 -> new GenericStub(this).outlook();
      case LOONGARCH64 -> new LoongArch64Stub(this).outlook();
      case X86_64 -> new X86Stub(this).outlook();
    };
  }

  /** Whether the image's stub unpacks the kernel to the place that it finds for it. */
  boolean isPacked() {
    return layer.image() instanceof ZbootImage;
  }

  /** What the kernel takes in memory, BSS included, as far as a header tells. */
  OptionalLong size() {
    OptionalLong size =
        layer.image() instanceof ZbootImage zboot
            ? zboot.uncompressedSize()
            : layer.image().imageSize();
    boolean isPlausible = size.isPresent() && size.getAsLong() > 0 && size.getAsLong() <= MAX_SIZE;
    return isPlausible ? size : OptionalLong.empty();
  }

  boolean isNokaslr() {
    return KaslrCommandLine.EFI_STUB.disables(commandLine);
  }

  /** The places of efi_random_alloc. */
  Slots places(EfiRandomAlloc alloc) {
    return alloc.slots(
        free.stream()
            .map(range -> new EfiMemoryDesc(range, EfiMemoryDesc.CONVENTIONAL, EfiMemoryDesc.WB))
            .toList());
  }

  /** The first random number that a stub asks for. */
  long word() {
    return ByteView.of(new EfiRng(seed).next(SEED_WORD)).u32le(0);
  }

  /**
   * The kernel at a place, as it is entered.
   *
   * @param isSeeded whether the stub hands on a kaslr-seed
   */
  NextKernel at(PhysRange place, boolean isSeeded) {
    Optional<ByteView> content = isPacked() ? Optional.empty() : Optional.of(layer.bytes());
    long bufsz = content.map(ByteView::size).orElse(0);
    ByteView tree = ByteView.of(tree(isSeeded));
    // Where the tree comes to lie does not matter: it is put into memory that is free then.
    PhysRange anywhere = PhysRange.ofSize(0, tree.size());
    PlacedLoad placed =
        new PlacedLoad(
            List.of(
                new KexecSegment(SegmentRole.KERNEL, place, bufsz, content),
                new KexecSegment(SegmentRole.DTB, anywhere, tree.size(), Optional.of(tree))),
            place.start(),
            place.start(),
            commandLine,
            List.of(),
            List.of());
    return new NextKernel(placed, machine, version);
  }

  /** The machine's tree, or the empty one that a stub makes, with the stub's seed. */
  private byte[] tree(boolean isSeeded) {
    FdtEditor tree =
        FdtEditor.open(
            machine
                .deviceTree()
                .orElseGet(() -> FlattenedDeviceTree.parse(ByteView.of(new FdtBuilder().build()))));
    if (!tree.hasNode("/chosen")) {
      tree.addSubnode("/", "chosen");
    }
    if (isSeeded) {
      EfiRng rng = new EfiRng(seed);
      rng.next(SEED_WORD);
      rng.next(RANDOM_SEED);
      tree.setProp("/chosen", "kaslr-seed", rng.next(KASLR_SEED));
    }
    return tree.pack();
  }
}
