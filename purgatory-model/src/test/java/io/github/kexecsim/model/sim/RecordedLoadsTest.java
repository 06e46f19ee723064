package io.github.kexecsim.model.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.record.RecordedLoad;
import io.github.kexecsim.loader.record.RecordedLoads;
import io.github.kexecsim.model.RandomLoads;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.PageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every load that a real kernel accepted gets into place and starts, on its recorded machine. */
class RecordedLoadsTest {
  private static final Path RECORDINGS =
      Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));

  private static final byte[] BYTES = new byte[64 << 20];

  static {
    new SplittableRandom(1).nextBytes(BYTES);
  }

  @TestFactory
  Stream<DynamicTest> everyRecordedLoadStarts() throws IOException {
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    try (Stream<Path> files = Files.list(RECORDINGS)) {
      List<Path> recordings =
          files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      assertThat(recordings).isNotEmpty();
      return recordings.stream().flatMap(RecordedLoadsTest::loads);
    }
  }

  private static Stream<DynamicTest> loads(Path file) {
    RecordedLoads recording;
    try {
      recording = RecordedLoads.parse(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file + " cannot be read", e);
    }
    return recording.loads().stream()
        .filter(load -> load.result().equals(RecordedLoad.OK))
        .map(
            load ->
                DynamicTest.dynamicTest(
                    recording.name() + " " + load.name(), () -> check(recording, load)));
  }

  private static void check(RecordedLoads recording, RecordedLoad load) {
    PlacedLoad placed = place(recording, load);
    List<PageSource> sources =
        load.type() == LoadType.CRASH
            ? List.of(PageSource.LOWEST_FIRST)
            : RandomLoads.sources(load.name().hashCode());
    for (PageSource source : sources) {
      RelocationPlan plan = RelocationPlan.of(recording.machine(), placed, load.type(), source);
      Outcome outcome = Simulator.run(plan);
      assertThat(outcome.isSuccess()).as("%s: %s", source, outcome).isTrue();
      checkHandoff(plan, outcome.handoff().orElseThrow());
    }
  }

  /** The recorded request, with bytes by chance behind the kernel's recorded header. */
  private static PlacedLoad place(RecordedLoads recording, RecordedLoad load) {
    FileContent offered = recording.kernels().get(load.kernel());
    byte[] kernel = Arrays.copyOf(BYTES, (int) offered.size());
    offered.known().copyTo(0, kernel, 0, offered.known().size());
    Optional<FileContent> initrd = Optional.empty();
    if (load.initrdSize().isPresent()) {
      int size = (int) load.initrdSize().getAsLong();
      initrd = Optional.of(FileContent.of(ByteView.of(BYTES, BYTES.length - size, size)));
    }
    return Placement.of(recording.machine().architecture())
        .place(
            new PlacementRequest(
                recording.machine(),
                FileContent.of(ByteView.of(kernel)),
                initrd,
                load.commandLine(),
                load.type(),
                0));
  }

  private static void checkHandoff(RelocationPlan plan, Handoff handoff) {
    Architecture architecture = plan.machine().architecture();
    assertThat(handoff.pc()).isEqualTo(plan.placed().kernelEntry());
    assertThat(handoff.mmu()).isEqualTo(architecture == Architecture.X86_64);
    String argument =
        switch (architecture) {
          case ARM64 -> "x0";
          case RISCV64 -> "a1";
          case X86_64 -> "rsi";
          case LOONGARCH64 -> throw new AssertionError("none is recorded");
        };
    long address = handoff.registers().get(argument);
    assertThat(plan.kimage().destinations().contains(address)).isTrue();
    if (architecture != Architecture.X86_64) {
      assertThat(plan.kimage().destinations().content(address).u32be(0)).isEqualTo(0xd00dfeedL);
    }
  }
}
