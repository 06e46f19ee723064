package io.github.kexecsim.model.purgatory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.kimage.Destinations;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PurgatoryPlanTest {
  private static final ByteView KERNEL = text("a kernel".repeat(1000));
  private static final ByteView PARAMS = text("parameters");
  private static final ByteView CORE = text("core");

  private static final List<KexecSegment> SEGMENTS =
      List.of(
          segment(SegmentRole.ELFCOREHDR, 0x200000, 0x3000, CORE),
          segment(SegmentRole.PURGATORY, 0x300000, 0x5000, text("purgatory")),
          segment(SegmentRole.BOOT_PARAMS, 0x310000, 0x2000, PARAMS),
          segment(SegmentRole.KERNEL, 0x400000, 0x10000, KERNEL));

  private static ByteView text(String text) {
    return ByteView.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static KexecSegment segment(SegmentRole role, long mem, long memsz, ByteView content) {
    return new KexecSegment(
        role, PhysRange.ofSize(mem, memsz), content.size(), Optional.of(content));
  }

  private static Machine machine(Architecture architecture, String version) {
    return new MachineBuilder(architecture)
        .iomem(Iomem.parse("00100000-3fffffff : System RAM"))
        .kernelVersion(KernelVersion.parse(version))
        .build();
  }

  private static Optional<PurgatoryPlan> plan(Machine machine, List<KexecSegment> segments) {
    PlacedLoad placed = new PlacedLoad(segments, 0x300150, 0x400200, "", List.of(), List.of());
    return PurgatoryPlan.of(machine, placed, new Destinations(segments, 4096));
  }

  /** SHA-256 over each content and the zeros behind it. */
  private static byte[] sha256(Object... contentsAndSizes) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < contentsAndSizes.length; i += 2) {
      byte[] content = ((ByteView) contentsAndSizes[i]).toByteArray();
      digest.update(Arrays.copyOf(content, (Integer) contentsAndSizes[i + 1]));
    }
    return digest.digest();
  }

  @Test
  void allButThePurgatoryIsDigestedWithItsZeroTail() throws Exception {
    PurgatoryPlan plan = plan(machine(Architecture.X86_64, "6.1"), SEGMENTS).orElseThrow();
    assertThat(plan.digest().toByteArray())
        .isEqualTo(sha256(CORE, 0x3000, PARAMS, 0x2000, KERNEL, 0x10000));
    assertThat(plan.shaRegions())
        .containsExactly(
            new ShaRegion(0x200000, 0x3000),
            new ShaRegion(0x310000, 0x2000),
            new ShaRegion(0x400000, 0x10000));
    assertThat(plan.allContentKnown()).isTrue();
  }

  @Test
  void withCrashHotplugElfcorehdrMayChange() throws Exception {
    PurgatoryPlan plan = plan(machine(Architecture.X86_64, "6.12.107"), SEGMENTS).orElseThrow();
    assertThat(plan.digest().toByteArray()).isEqualTo(sha256(PARAMS, 0x2000, KERNEL, 0x10000));
    PurgatoryPlan riscv = plan(machine(Architecture.RISCV64, "7.2"), SEGMENTS).orElseThrow();
    assertThat(riscv.shaRegions()).contains(new ShaRegion(0x200000, 0x3000));
  }

  @Test
  void symbolsLeadToTheKernel() {
    PurgatoryPlan x86 = plan(machine(Architecture.X86_64, "7.2"), SEGMENTS).orElseThrow();
    assertThat(x86.symbols())
        .containsEntry("entry64_regs.rip", 0x400200L)
        .containsEntry("entry64_regs.rsi", 0x310000L);
    PurgatoryPlan riscv = plan(machine(Architecture.RISCV64, "7.2"), SEGMENTS).orElseThrow();
    assertThat(riscv.symbols()).containsOnly(Map.entry("riscv_kernel_entry", 0x400200L));
  }

  @Test
  void thereIsNoneWithoutItsSegment() {
    List<KexecSegment> without = Stream.of(SEGMENTS.get(3)).toList();
    assertThat(plan(machine(Architecture.ARM64, "7.2"), without)).isEmpty();
    assertThat(plan(machine(Architecture.LOONGARCH64, "7.2"), without)).isEmpty();
  }

  @Test
  void aPatternInPlaceOfContentIsTold() {
    KexecSegment unknown =
        new KexecSegment(
            SegmentRole.INITRD, PhysRange.ofSize(0x500000, 0x1000), 5, Optional.empty());
    List<KexecSegment> segments = List.of(SEGMENTS.get(1), unknown);
    PurgatoryPlan plan = plan(machine(Architecture.X86_64, "7.2"), segments).orElseThrow();
    assertThat(plan.allContentKnown()).isFalse();
  }
}
