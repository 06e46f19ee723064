package io.github.kexecsim.model.emit;

import static io.github.kexecsim.model.emit.Plans.ARM64_RAM;
import static io.github.kexecsim.model.emit.Plans.GIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanEmitterTest {
  private static final ByteView JSON = ByteView.of("{}\n".getBytes(StandardCharsets.UTF_8));

  private static final LoadPlan PLAN = Plans.arm64(Plans.tree(ARM64_RAM, GIB).build());

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void name() {
    directory = temporary.resolve("emitted");
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Emission emit(LoadPlan plan, boolean force) throws IOException {
    return PlanEmitter.emit(plan, JSON, directory, force);
  }

  @Test
  void everySegmentIsAFileOfWhatMemoryHolds() throws IOException {
    Emission emission = emit(PLAN, false);
    assertThat(names(directory))
        .containsExactly(
            "boot.sh", "dtb.dtb", "handoff.elf", "initrd.bin", "kernel.bin", "plan.json")
        .hasSameElementsAs(emission.files());
    for (KexecSegment segment : PLAN.placed().orElseThrow().segments()) {
      String name = segment.role() + (segment.role() == SegmentRole.DTB ? ".dtb" : ".bin");
      byte[] filledUp =
          Arrays.copyOf(segment.content().orElseThrow().toByteArray(), (int) segment.memsz());
      assertThat(directory.resolve(name)).hasBinaryContent(filledUp);
    }
    assertThat(directory.resolve("plan.json")).hasBinaryContent(JSON.toByteArray());
    assertThat(directory.resolve("boot.sh")).isExecutable();
    assertThat(emission.notBootable()).isEmpty();
  }

  @Test
  void zerosTakeNoRoom() throws IOException {
    KexecSegment kernel =
        Plans.segment(SegmentRole.KERNEL, ARM64_RAM, 64L << 30, Plans.arm64Image(Plans.PAGES_4K));
    emit(Plans.of(Plans.machine(Architecture.ARM64, ARM64_RAM), kernel), false);
    assertThat(directory.resolve("kernel.bin")).hasSize(64L << 30);
  }

  @Test
  void rolesThatRepeatAreNumbered() {
    assertThat(
            SegmentFile.of(
                List.of(
                    Plans.segment(SegmentRole.KERNEL, 0x1000, 0x1000),
                    Plans.unknown(SegmentRole.PURGATORY, 0x10000),
                    Plans.segment(SegmentRole.KERNEL, 0x2000, 0x1000),
                    Plans.segment(SegmentRole.DTB, 0x3000, 0x1000),
                    Plans.segment(SegmentRole.DTB, 0x4000, 0x1000),
                    Plans.segment(SegmentRole.KERNEL, 0x5000, 0x1000))))
        .extracting(SegmentFile::name)
        .containsExactly("kernel.bin", "kernel-2.bin", "dtb.dtb", "dtb-2.dtb", "kernel-3.bin");
  }

  @Test
  void whatQemuCannotBootIsWrittenAllTheSame() throws IOException {
    Machine machine = Plans.machine(Architecture.X86_64, 0x10_0000);
    LoadPlan plan =
        Plans.of(machine, Plans.segment(SegmentRole.KERNEL, 0x100_0000, 0x1000, (byte) 1));
    Emission emission = emit(plan, false);
    assertThat(names(directory)).containsExactly("boot.sh", "kernel.bin", "plan.json");
    assertThat(emission.notBootable())
        .get()
        .extracting(Refusal::reason)
        .isEqualTo(Reason.NOT_EMULATED);
  }

  @Test
  void emptyDirectoryIsTaken() throws IOException {
    Files.createDirectory(directory);
    emit(PLAN, false);
    assertThat(directory.resolve("boot.sh")).exists();
  }

  @Test
  void directoryWithFilesIsRefusedUnlessForced() throws IOException {
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("mine"), "mine");
    Files.writeString(directory.resolve("kernel.bin"), "old");
    assertThatThrownBy(() -> emit(PLAN, false)).isInstanceOf(FileSystemException.class);
    assertThat(names(directory)).containsExactly("kernel.bin", "mine");
    assertThat(directory.resolve("kernel.bin")).hasContent("old");

    emit(PLAN, true);
    assertThat(directory.resolve("mine")).hasContent("mine");
    assertThat(directory.resolve("kernel.bin")).hasSize(0x2000);
  }

  @Test
  void linksAreReplacedAndNotFollowed() throws IOException {
    Path outside = Files.writeString(temporary.resolve("outside"), "untouched");
    Files.createDirectory(directory);
    for (String name : List.of("kernel.bin", "boot.sh", "plan.json")) {
      Files.createSymbolicLink(directory.resolve(name), outside);
    }
    emit(PLAN, true);
    assertThat(outside).hasContent("untouched");
    assertThat(directory.resolve("kernel.bin")).satisfies(f -> assertThat(f).isRegularFile());
    assertThat(Files.isSymbolicLink(directory.resolve("kernel.bin"))).isFalse();
  }

  @Test
  void nothingIsLeftOfWhatFails() throws IOException {
    Files.createDirectories(directory.resolve("kernel.bin/in the way"));
    assertThatThrownBy(() -> emit(PLAN, true)).isInstanceOf(IOException.class);
    assertThat(names(directory)).containsExactly("kernel.bin");
  }

  @Test
  void directoryThatWasMadeForNothingIsRemoved() {
    assertThatThrownBy(
            () -> {
              try (StagedDirectory staged = StagedDirectory.open(directory, false)) {
                staged.write("one", JSON);
                staged.write("one", JSON);
              }
            })
        .isInstanceOf(IOException.class);
    assertThat(directory).doesNotExist();
  }

  @Test
  void directoryThatIsNoneIsRefused() throws IOException {
    assertThatThrownBy(() -> PlanEmitter.emit(PLAN, JSON, temporary.resolve("none/emitted"), false))
        .isInstanceOf(NoSuchFileException.class);
    Files.writeString(directory, "a file");
    assertThatThrownBy(() -> emit(PLAN, true)).isInstanceOf(NotDirectoryException.class);
    assertThat(directory).hasContent("a file");
  }

  @Test
  void refusedLoadHasNothingToEmit() {
    LoadPlan refused =
        new LoadPlan(
            LoadRequest.of(JSON, Plans.machine(Architecture.ARM64, ARM64_RAM)),
            List.of(),
            Optional.empty(),
            Optional.of(new Refusal(new KexecException(Reason.NO_ROOM, ""))),
            List.of());
    assertThatIllegalArgumentException().isThrownBy(() -> emit(refused, false));
    assertThat(directory).doesNotExist();
  }
}
