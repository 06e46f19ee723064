package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.InPlace;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.image.KernelInfo;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.image.ProgramHeader;
import io.github.kexecsim.loader.image.RelocationTail;
import io.github.kexecsim.loader.image.RelocationTail.Group;
import io.github.kexecsim.loader.image.RelocationTail.Kind;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's 6.12 kernel for clouds, against what other programs say of it. */
class RealBzImageTest {
  private static final Path FILE =
      Path.of(System.getProperty("kexecsim.images", "absent"), "deb612-cloud-amd64.bzImage");

  private static final long START_KERNEL_MAP = 0xffff_ffff_8000_0000L;
  private static final Path READELF = Path.of("/usr/bin/readelf");
  private static final Path FILE_COMMAND = Path.of("/usr/bin/file");

  @TempDir private Path dir;

  private Layer outer;
  private Layer kernel;

  @BeforeEach
  void read() throws IOException {
    assumeTrue(Files.isRegularFile(FILE), "skipped: kexecsim.images has no real bzImage");
    List<Layer> layers = Layers.of(ByteView.of(Files.readAllBytes(FILE)), Limits.DEFAULT);
    outer = layers.get(0);
    kernel = layers.get(1);
  }

  @Test
  void initSizeIsWhatTheKernelsFormulaGives() {
    X86Decompressor own = X86Decompressor.of(outer).orElseThrow();
    assertThat(own.neededInitSize()).hasValue(own.initSize());
    assertThat(own.findings()).isEmpty();
    // syssize and the PE section table were written by different parts of the build.
    assertThat(own.fileEnd()).isEqualTo(0xb2520 << 4);
    assertThat(own.memoryEnd()).hasValue(0xb8b000);
    Payload stored = own.payload();
    CompressedPayload payload =
        new CompressedPayload(
            stored.method().orElseThrow(),
            outer.bytes().slice(stored.offset(), stored.size()),
            stored.declaredSize());
    long start = outer.image().inPlaceStart(outer.bytes()).orElseThrow();
    assertThat(own.regions().get(2).start()).isEqualTo(start);
    assertThat(own.margin())
        .hasValue(InPlace.measure(payload, start, Limits.DEFAULT.of(Limit.DECOMPRESSED)).granted());
  }

  @Test
  void nothingIsFoundWrong() {
    assertThat(outer.findings()).isEmpty();
    assertThat(kernel.findings()).isEmpty();
    assertThat(X86Vmlinux.of(outer, kernel).orElseThrow().findings()).isEmpty();
  }

  @Test
  void kernelInfoIsFound() {
    KernelInfo info = KernelInfo.of((BzImage) outer.image(), outer.bytes()).orElseThrow();
    assertThat(info).isEqualTo(new KernelInfo(0x5000 + 0xb21c5c, 16, 16, 0x8000_0009L));
    assertThat(info.takesIndirect()).isTrue();
  }

  @Test
  void relocationsFillWhatIsBehindTheElfFile() {
    RelocationTail tail =
        X86Vmlinux.of(outer, kernel).flatMap(X86Vmlinux::relocations).orElseThrow();
    assertThat(tail.groups())
        .extracting(Group::kind)
        .containsExactly(Kind.ABSOLUTE_64, Kind.INVERSE_32, Kind.ABSOLUTE_32);
    assertThat(tail.size()).isEqualTo(4L * (tail.count() + 3));
    assertThat(tail.offset() + tail.size()).isEqualTo(kernel.size());
    assertThat(tail.groups().get(0)).extracting(Group::count).isEqualTo(145_993);
  }

  /** What is to be adjusted holds kernel addresses: the tail would else be read askew. */
  @Test
  void placesOf64BitsHoldAddressesInTheKernel() {
    RelocationTail tail =
        X86Vmlinux.of(outer, kernel).flatMap(X86Vmlinux::relocations).orElseThrow();
    List<ProgramHeader> segments =
        ((ElfImage) kernel.image())
            .programHeaders(kernel.bytes()).stream().filter(ProgramHeader::isLoad).toList();
    int count = tail.groups().get(0).count();
    int addresses = 0;
    for (int i = 0; i < count; i++) {
      long place = (int) kernel.bytes().u32le(tail.offset() + 4 + 4L * i) - START_KERNEL_MAP;
      ProgramHeader in =
          segments.stream()
              .filter(header -> place >= header.paddr() && place < header.paddr() + header.filesz())
              .findFirst()
              .orElseThrow();
      long value = kernel.bytes().u64le(in.offset() + place - in.paddr()) - START_KERNEL_MAP;
      addresses += value >= 0x100_0000 && value < 0x100_0000 + 0x37dd000 ? 1 : 0;
    }
    // The others are 0, or physical.
    assertThat(addresses).isGreaterThan(count / 100 * 99);
  }

  @Test
  void readelfSeesTheSameSegments() throws IOException, InterruptedException {
    List<String> mine = new ArrayList<>();
    for (ProgramHeader header : ((ElfImage) kernel.image()).programHeaders(kernel.bytes())) {
      mine.add(
          String.format(
              "%s %x %x %x %x %x %x",
              header.typeLabel(),
              header.offset(),
              header.vaddr(),
              header.paddr(),
              header.filesz(),
              header.memsz(),
              header.align()));
    }
    Pattern row =
        Pattern.compile(
            "^  (\\w+) +0x(\\w+) 0x(\\w+) 0x(\\w+) 0x(\\w+) 0x(\\w+) [R ][W ][E ] 0x(\\w+)$",
            Pattern.MULTILINE);
    Path elf = Files.write(dir.resolve("vmlinux"), kernel.bytes().toByteArray());
    Matcher matcher = row.matcher(run(READELF, "-lW", elf.toString()));
    List<String> theirs = new ArrayList<>();
    while (matcher.find()) {
      StringBuilder line = new StringBuilder(matcher.group(1));
      for (int i = 2; i <= 7; i++) {
        line.append(' ').append(Long.toHexString(Long.parseUnsignedLong(matcher.group(i), 16)));
      }
      theirs.add(line.toString());
    }
    assertThat(mine).isNotEmpty().isEqualTo(theirs);
  }

  @Test
  void fileCommandSeesTheSameVersion() throws IOException, InterruptedException {
    String text = ((BzImage) outer.image()).kernelVersion(outer.bytes()).orElseThrow();
    assertThat(run(FILE_COMMAND, FILE.toString()).toLowerCase(Locale.ROOT))
        .contains("version " + text.toLowerCase(Locale.ROOT));
  }

  private String run(Path program, String... arguments) throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(program), () -> "skipped: no " + program);
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path output = dir.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    assertThat(builder.redirectOutput(output.toFile()).start().waitFor()).isZero();
    return Files.readString(output, StandardCharsets.ISO_8859_1);
  }
}
