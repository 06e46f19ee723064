package io.github.kexecsim.loader.pe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.report.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels and boot loaders that others built, and what binutils say of what is written here. */
class RealPeTest {
  private static final Path IMAGES = Path.of(System.getProperty("kexecsim.images", "absent"));
  private static final Path SYSTEMD = Path.of("/usr/lib/systemd/boot/efi");
  private static final long MAX = 512 << 20;

  /** A section as {@code objdump -h} lists it. */
  private static final Pattern ROW =
      Pattern.compile("^ +\\d+ (\\S+) +([0-9a-f]{8}) +([0-9a-f]{16}) +[0-9a-f]{16} +([0-9a-f]{8})");

  /** A fixup as {@code objdump -p} lists it, other than padding. */
  private static final Pattern FIXUP =
      Pattern.compile("^\\s+reloc +\\d+ offset +\\S+ \\[([0-9a-f]+)\\] (HIGHLOW|DIR64)");

  @TempDir private Path folder;

  @Test
  void noKernelHasDefects() throws IOException {
    for (Path path : kernels()) {
      ByteView file = ByteView.of(Files.readAllBytes(path));
      assertThat(PeHeader.find(file)).as(path.toString()).isPresent();
      assertThat(PeFindings.of(file)).as(path.toString()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"linuxx64.efi.stub", "systemd-bootx64.efi"})
  void noBootLoaderHasDefects(String name) throws IOException {
    ByteView file = ByteView.of(read(SYSTEMD.resolve(name)));
    assertThat(PeFindings.of(file)).noneMatch(Finding::isDefect);
    LoadRules.check(PeImages.header(file), file, MAX);
  }

  /** Kernels are linked so that all but their BSS is in memory where it is in the file. */
  @Test
  void kernelsAreMappedAsTheirFileIs() throws IOException {
    for (Path path : kernels()) {
      ByteView file = ByteView.of(Files.readAllBytes(path));
      PeHeader header = PeImages.header(file);
      MappedPe image = MappedPe.of(header, file, any -> 0x8000_0000L, MAX);
      assertThat(image.untouched()).as(path.toString()).isEmpty();
      assertThat(image.relocated()).isZero();
      long stored = 0;
      for (PeHeader.Section section : header.sections()) {
        stored = Math.max(stored, section.rawOffset() + section.rawSize());
      }
      assertThat(image.content().slice(0, stored)).isEqualTo(file.slice(0, stored));
      assertThat(image.content().from(stored))
          .isEqualTo(ByteView.of(new byte[(int) (header.sizeOfImage() - stored)]));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "deb612-cloud-amd64.bzImage, true",
    "deb72-loong64.zboot, true",
    "tiny72-arm64.Image, true",
    "tiny61-arm64-lz4.zboot, false",
  })
  void newerKernelsStartWhereWriteXorExecuteIsEnforced(String name, boolean starts)
      throws IOException {
    PeHeader header = PeImages.header(ByteView.of(read(IMAGES.resolve(name))));
    assertThat(WriteXorExecute.objections(header).isEmpty()).isEqualTo(starts);
  }

  @ParameterizedTest
  @ValueSource(strings = {"linuxx64.efi.stub", "systemd-bootx64.efi"})
  void objdumpReadsTheSameSectionsOfRealImages(String name)
      throws IOException, InterruptedException {
    assertSameSections(read(SYSTEMD.resolve(name)));
  }

  @Test
  void objdumpReadsTheSectionsOfABzImage() throws IOException, InterruptedException {
    assertSameSections(read(IMAGES.resolve("deb612-cloud-amd64.bzImage")));
  }

  @Test
  void objdumpReadsWhatIsWritten() throws IOException, InterruptedException {
    assertSameSections(
        PeImages.relocatable(PeMachine.X86_64, PeImages.block(0x2000, 0xa010)).write());
  }

  @Test
  void objdumpReadsTheSameRelocations() throws IOException, InterruptedException {
    byte[] bytes =
        PeImages.relocatable(
                PeMachine.X86_64,
                PeImages.block(0x2000, 0xa010, 0x3020, 0),
                PeImages.block(0x2100, 0xa000, 0))
            .write();
    List<Long> expected = new ArrayList<>();
    for (String line : objdump("-p", bytes)) {
      Matcher fixup = FIXUP.matcher(line);
      if (fixup.find()) {
        expected.add(Long.parseLong(fixup.group(1), 16));
      }
    }
    assertThat(expected).containsExactly(0x2010L, 0x2020L, 0x2100L);

    ByteView file = ByteView.of(bytes);
    ByteView there = MappedPe.of(PeImages.header(file), file, any -> 0, MAX).content();
    // So that fixups change one byte, the last of an address' lower half.
    ByteView moved = MappedPe.of(PeImages.header(file), file, any -> 0x0100_0000, MAX).content();
    List<Long> changed = new ArrayList<>();
    for (long i = 0x1000; i < there.size(); i++) {
      if (there.u8(i) != moved.u8(i)) {
        changed.add(i - 3);
      }
    }
    assertThat(changed).isEqualTo(expected);
  }

  private void assertSameSections(byte[] bytes) throws IOException, InterruptedException {
    List<String> expected = new ArrayList<>();
    for (String line : objdump("-h", bytes)) {
      Matcher row = ROW.matcher(line);
      if (row.find()) {
        expected.add(
            String.format(
                "%s 0x%s at 0x%s, file 0x%s",
                row.group(1), row.group(2), row.group(3), row.group(4)));
      }
    }
    assertThat(PeImages.header(ByteView.of(bytes)).sections())
        .map(
            section ->
                String.format(
                    "%s 0x%08x at 0x%016x, file 0x%08x",
                    section.name(),
                    Math.min(section.virtualSize(), section.rawSize()),
                    section.virtualAddress(),
                    section.rawOffset()))
        .isEqualTo(expected);
  }

  private List<String> objdump(String option, byte[] bytes)
      throws IOException, InterruptedException {
    Path file = Files.write(folder.resolve("image"), bytes);
    Process process;
    try {
      process =
          new ProcessBuilder("objdump", option, file.toString()).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, "skipped: objdump is not installed");
      throw e;
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out.lines().toList();
  }

  private static List<Path> kernels() throws IOException {
    assumeTrue(Files.isDirectory(IMAGES), "skipped: no real images beside the checkout");
    try (Stream<Path> all = Files.list(IMAGES)) {
      return all.filter(path -> path.toString().matches(".*(Image|zboot)")).sorted().toList();
    }
  }

  private static byte[] read(Path path) throws IOException {
    assumeTrue(Files.exists(path), "skipped: there is no " + path);
    return Files.readAllBytes(path);
  }
}
