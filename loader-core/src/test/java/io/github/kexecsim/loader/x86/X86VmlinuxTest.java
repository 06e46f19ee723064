package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class X86VmlinuxTest {
  private static final int[] RELOCATIONS = {0, 0x81000010, 0, 0x81000020, 0, 0x81200030};
  private static final int FIRST_SEGMENT = 64;
  private static final int PADDR = FIRST_SEGMENT + 24;
  private static final int FILESZ = FIRST_SEGMENT + 32;
  private static final int ALIGN = FIRST_SEGMENT + 48;

  private final byte[] kernel = X86Fixtures.vmlinux(RELOCATIONS);

  @Test
  void segmentsGoWhereTheirPhysicalAddressSays() {
    X86Vmlinux vmlinux = read(kernel);
    assertThat(vmlinux.segments())
        .extracting(X86Vmlinux.Segment::start, X86Vmlinux.Segment::fileEnd, X86Vmlinux.Segment::end)
        .containsExactly(tuple(0L, 0x100L, 0x180L), tuple(0x200000L, 0x200100L, 0x202000L));
    assertThat(vmlinux.entryOffset()).isEqualTo(0x40);
    assertThat(vmlinux.end()).isEqualTo(0x202000);
    assertThat(vmlinux.bss()).isEqualTo(0x80 + 0x1f00);
    assertThat(vmlinux.relocations().orElseThrow().offset()).isEqualTo(X86Fixtures.ELF_SIZE);
    assertThat(vmlinux.relocations().orElseThrow().count()).isEqualTo(3);
    assertThat(vmlinux.findings()).isEmpty();
  }

  @Test
  void kernelWithoutRelocationsIsAsGood() {
    X86Vmlinux vmlinux = read(X86Fixtures.vmlinux());
    assertThat(vmlinux.relocations()).isEmpty();
    assertThat(vmlinux.findings()).isEmpty();
  }

  @Test
  void segmentsOutsideOfInitSizeAreDefects() {
    assertThat(flaws(X86Fixtures.with32(kernel, PADDR, 0xff_f000)))
        .containsExactly(Flaw.SEGMENT_OUTSIDE);
    assertThat(flaws(X86Fixtures.with32(kernel, PADDR, 0x7fff_0000)))
        .containsExactly(Flaw.SEGMENT_OUTSIDE);
    assertThat(flaws(X86Fixtures.with32(kernel, FILESZ + 4, 0x8000_0000)))
        .contains(Flaw.SEGMENT_OUTSIDE);
    assertThat(flaws(X86Fixtures.with32(kernel, FILESZ + 12, 0x7fff_ffff)))
        .containsExactly(Flaw.SEGMENT_OUTSIDE);
  }

  @Test
  void segmentsMustBeAlignedTo2MiB() {
    assertThat(flaws(X86Fixtures.with32(kernel, ALIGN, 0x1000)))
        .containsExactly(Flaw.SEGMENT_MISALIGNED);
    assertThat(flaws(X86Fixtures.with32(kernel, ALIGN, 0x40_0000))).isEmpty();
  }

  @Test
  void malformedRelocationsAreDefects() {
    assertThat(flaws(X86Fixtures.vmlinux(1, 2, 3))).containsExactly(Flaw.RELOCATIONS_MALFORMED);
    assertThat(flaws(X86Fixtures.vmlinux(0, 0x80ff_ffff, 0, 0x8100_0000)))
        .containsExactly(Flaw.RELOCATIONS_MALFORMED);
    assertThat(flaws(X86Fixtures.vmlinux(0, 0x8120_1ff9, 0, 0x8100_0000)))
        .containsExactly(Flaw.RELOCATIONS_MALFORMED);
    assertThat(flaws(X86Fixtures.vmlinux(0, 0x8120_1ff8, 0, 0x8100_0000))).isEmpty();
  }

  @Test
  void changedKernelsAreAnswered() {
    SplittableRandom random = new SplittableRandom(32);
    Layer outer = X86Fixtures.layers(X86Fixtures.bzImage(kernel)).get(0);
    for (int round = 0; round < 20_000; round++) {
      byte[] changed = kernel.clone();
      for (int edits = random.nextInt(1, 6); edits > 0; edits--) {
        int at = random.nextBoolean() ? random.nextInt(16, 176) : random.nextInt(changed.length);
        changed[at] = (byte) random.nextInt();
      }
      ByteView bytes = ByteView.of(changed);
      Layer inner = new Layer(ElfImage.parse(with64BitClass(bytes)), bytes, Optional.empty());
      X86Vmlinux vmlinux = X86Vmlinux.of(outer, inner).orElseThrow();
      assertThat(vmlinux.bss()).isNotNegative();
      assertThat(vmlinux.end()).isNotNegative();
      inner.fields();
      inner.findings();
    }
  }

  /** The first bytes, which name the format, are those of the valid file. */
  private ByteView with64BitClass(ByteView changed) {
    byte[] bytes = changed.toByteArray();
    System.arraycopy(kernel, 0, bytes, 0, 16);
    return ByteView.of(bytes);
  }

  private static List<Flaw> flaws(byte[] kernel) {
    return read(kernel).findings().stream().map(Finding::flaw).toList();
  }

  private static X86Vmlinux read(byte[] kernel) {
    List<Layer> layers = X86Fixtures.layers(X86Fixtures.bzImage(kernel));
    return X86Vmlinux.of(layers.get(0), layers.get(1)).orElseThrow();
  }
}
