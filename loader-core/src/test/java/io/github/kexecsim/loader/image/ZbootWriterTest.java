package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.Zstd;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeHeader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ZbootWriterTest {
  private static final byte[] RAW = ImageFixtures.arm64();

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void whatIsWrittenIsRead(Architecture arch) {
    ByteView payload = ByteView.of(Zstd.compress(RAW));
    byte[] file = ZbootWriter.write(arch, "zstd", payload, RAW.length);
    ZbootImage image = ZbootImage.parse(ByteView.of(file));
    assertThat(image.architecture()).contains(arch);
    assertThat(image.methodName()).isEqualTo("zstd");
    assertThat(image.uncompressedSize()).hasValue(RAW.length);
    assertThat(image.findings()).isEmpty();
    assertThat(image.payload(ByteView.of(file)).orElseThrow().in(ByteView.of(file)))
        .isEqualTo(payload);

    List<Layer> layers = new ArrayList<>();
    Layers.walk(ByteView.of(file), Limits.DEFAULT, layers::add);
    assertThat(layers.get(0).findings()).isEmpty();
    assertThat(layers.get(1).bytes()).isEqualTo(ByteView.of(RAW));
  }

  @ParameterizedTest
  @CsvSource({"1", "7", "4071", "4076", "4077", "4080", "4081", "10000"})
  void sectionsCoverTheFileInOrder(int payloadSize) {
    byte[] file = ImageFixtures.zboot("lz4", ImageFixtures.noise(payloadSize), 1 << 20);
    PeHeader pe = ZbootImage.parse(ByteView.of(file)).pe();
    assertThat(pe.pe32Plus()).isTrue();
    assertThat(pe.nxCompat()).isTrue();
    assertThat(pe.subsystem()).isEqualTo(PeHeader.EFI_APPLICATION);
    PeHeader.Section text = pe.sections().get(0);
    PeHeader.Section data = pe.sections().get(1);
    assertThat(text.rawOffset()).isEqualTo(pe.sizeOfHeaders());
    assertThat(text.rawOffset() + text.rawSize()).isEqualTo(data.rawOffset());
    assertThat(data.rawOffset() + data.rawSize()).isEqualTo(file.length);
    assertThat(data.virtualAddress() + data.virtualSize()).isEqualTo(pe.sizeOfImage());
    assertThat(pe.addressOfEntryPoint()).isEqualTo(text.virtualAddress());
    for (PeHeader.Section section : pe.sections()) {
      assertThat(section.virtualAddress()).isEqualTo(section.rawOffset());
      assertThat(section.virtualAddress() % pe.sectionAlignment()).isZero();
      assertThat(section.rawSize() % pe.fileAlignment()).isZero();
    }
    ZbootImage image = ZbootImage.parse(ByteView.of(file));
    assertThat(image.payloadOffset() + image.payloadSize() + 4)
        .isLessThanOrEqualTo(data.rawOffset());
  }

  @Test
  void sameInputGivesTheSameBytes() {
    byte[] payload = ImageFixtures.noise(1000);
    assertThat(ImageFixtures.zboot("lzo", payload, 9))
        .isEqualTo(ImageFixtures.zboot("lzo", payload, 9));
  }

  @Test
  void paddingGoesToTheImageSize() {
    Arm64Image image = Arm64Image.parse(ByteView.of(RAW), RAW.length);
    ByteView padded = ZbootWriter.padded(image, ByteView.of(RAW), Limits.DEFAULT);
    assertThat(padded).isEqualTo(ByteView.of(Arrays.copyOf(RAW, ImageFixtures.RAW_IMAGE_SIZE)));
    assertThat(ZbootWriter.padded(image, padded, Limits.DEFAULT)).isSameAs(padded);
  }

  @Test
  void paddingIsBounded() {
    byte[] huge = ImageFixtures.with32(RAW, 20, 0x80000000L);
    Arm64Image image = Arm64Image.parse(ByteView.of(huge), huge.length);
    assertRefused(
        Reason.LIMIT_EXCEEDED, () -> ZbootWriter.padded(image, ByteView.of(huge), Limits.DEFAULT));
    byte[] none = ImageFixtures.with32(RAW, 16, 0);
    assertThat(
            ZbootWriter.padded(
                    Arm64Image.parse(ByteView.of(none), none.length),
                    ByteView.of(none),
                    Limits.DEFAULT)
                .size())
        .isEqualTo(none.length);
  }

  @Test
  void unknownMethodIsRefused() {
    assertRefused(Reason.UNKNOWN_METHOD, () -> ImageFixtures.zboot("brotli", new byte[] {1}, 1));
  }

  @Test
  void sizesThatTheHeaderCannotHoldAreTheCallersMistake() {
    assertThatThrownBy(() -> ImageFixtures.zboot("xz", new byte[] {1}, 1L << 32))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ImageFixtures.zboot("xz", new byte[0], 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "X86_64, objdump",
    "ARM64, aarch64-linux-gnu-objdump",
    "ARM64, llvm-objdump",
    "X86_64, llvm-objdump",
    "RISCV64, llvm-objdump",
  })
  void objdumpListsTheSections(Architecture arch, String tool, @TempDir Path folder)
      throws IOException, InterruptedException {
    String listing = run(tool, "-h", written(arch, folder).toString());
    assertThat(listing).contains(".text", ".data");
  }

  @Test
  void fileTakesItForAnEfiApplication(@TempDir Path folder)
      throws IOException, InterruptedException {
    String type = run("file", written(Architecture.ARM64, folder).toString());
    assertThat(type).contains("PE32+", "EFI application", "Aarch64", "2 sections");
  }

  @ParameterizedTest
  @CsvSource({
    "ARM64, aarch64-linux-gnu-objdump, aarch64, 'mov,movk,ret'",
    "X86_64, objdump, i386:x86-64, 'movabs,ret'",
  })
  void entryReturnsUnsupported(
      Architecture arch, String tool, String machine, String mnemonics, @TempDir Path folder)
      throws IOException, InterruptedException {
    String code =
        run(
            tool,
            "-D",
            "-b",
            "binary",
            "-m",
            machine,
            "--start-address=0x1000",
            "--stop-address=0x100c",
            written(arch, folder).toString());
    assertThat(code).containsSubsequence(mnemonics.split(","));
  }

  private static Path written(Architecture arch, Path folder) throws IOException {
    return Files.write(
        folder.resolve("image"),
        ZbootWriter.write(arch, "gzip", ByteView.of(ImageFixtures.gzip(RAW)), RAW.length));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, command[0] + " is not installed");
      throw e;
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }

  private static void assertRefused(Reason reason, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
