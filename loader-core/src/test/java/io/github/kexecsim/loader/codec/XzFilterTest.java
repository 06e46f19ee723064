package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.Zstd;
import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.MethodSource;
import org.tukaani.xz.ARM64Options;
import org.tukaani.xz.ARMOptions;
import org.tukaani.xz.ARMThumbOptions;
import org.tukaani.xz.DeltaOptions;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.IA64Options;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.PowerPCOptions;
import org.tukaani.xz.RISCVOptions;
import org.tukaani.xz.SPARCOptions;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;

/** Every filter against XZ for Java's encoder: on bytes made of what it looks for, and on code. */
class XzFilterTest {
  private static FilterOptions encoder(XzFilter filter, int start) throws IOException {
    switch (filter) {
      case DELTA -> {
        return new DeltaOptions(1 + (start >>> 4 & 0xff));
      }
      case X86 -> {
        X86Options options = new X86Options();
        options.setStartOffset(start);
        return options;
      }
      case POWERPC -> {
        PowerPCOptions options = new PowerPCOptions();
        options.setStartOffset(start);
        return options;
      }
      case IA64 -> {
        IA64Options options = new IA64Options();
        options.setStartOffset(start);
        return options;
      }
      case ARM -> {
        ARMOptions options = new ARMOptions();
        options.setStartOffset(start);
        return options;
      }
      case ARM_THUMB -> {
        ARMThumbOptions options = new ARMThumbOptions();
        options.setStartOffset(start);
        return options;
      }
      case SPARC -> {
        SPARCOptions options = new SPARCOptions();
        options.setStartOffset(start);
        return options;
      }
      case ARM64 -> {
        ARM64Options options = new ARM64Options();
        options.setStartOffset(start);
        return options;
      }
      default -> {
        RISCVOptions options = new RISCVOptions();
        options.setStartOffset(start);
        return options;
      }
    }
  }

  private static void roundTrip(byte[] code, XzFilter filter, int start) throws IOException {
    LZMA2Options stored = new LZMA2Options(0);
    stored.setMode(LZMA2Options.MODE_UNCOMPRESSED);
    byte[] packed = XzForJava.xz(code, XZ.CHECK_CRC32, encoder(filter, start), stored);
    byte[] out = new byte[code.length];
    new XzDecompressor().decompress(ByteView.of(packed), out, Progress.NONE);
    assertThat(Arrays.equals(out, code))
        .as("%s from 0x%x, %d bytes", filter, start, out.length)
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void undoesEverySize(XzFilter filter) throws IOException {
    for (int size = 0; size < 70; size++) {
      roundTrip(branches(size, size), filter, 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void undoesAnyStartOffset(XzFilter filter) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (int start : new int[] {0, 16, 0x1000, 0x7fff_fff0, 0x8000_0000, 0xffff_fff0}) {
      roundTrip(branches(start, 20_000), filter, start);
      roundTrip(branches(start + 1, 20_000), filter, random.nextInt() & ~15);
    }
  }

  @ParameterizedTest
  @EnumSource
  void undoesManyMixtures(XzFilter filter) throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      roundTrip(branches(seed, 100_000), filter, 0);
      roundTrip(XzForJava.mixture(seed, 100_000), filter, 0);
    }
  }

  static Stream<Arguments> realCode() {
    return Stream.of(XzFilter.values()).map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("realCode")
  void undoesArm64Code(XzFilter filter) throws IOException {
    roundTrip(Files.readAllBytes(image("tiny72-arm64.Image")), filter, 0);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.INCLUDE,
      names = {"X86", "RISCV", "ARM_THUMB"})
  void undoesX86Code(XzFilter filter) throws IOException {
    byte[] bzImage = Files.readAllBytes(image("deb612-cloud-amd64.bzImage"));
    byte[] vmlinux = new byte[57_573_420];
    long size =
        Zstd.decompressByteArray(vmlinux, 0, vmlinux.length, bzImage, 21_196, 11_457_813 - 4);
    assertThat(size).isEqualTo(vmlinux.length);
    roundTrip(Arrays.copyOfRange(vmlinux, 2 << 20, 10 << 20), filter, 0);
  }

  @Test
  void refusesStartOffsetsThatNoInstructionHas() {
    for (XzFilter filter : XzFilter.values()) {
      byte[] odd = {1, 0, 0, 0};
      assertThat(filter.parameter(ByteView.of(odd)).isPresent())
          .as(filter.name())
          .isEqualTo(filter == XzFilter.X86);
      assertThat(filter.parameter(ByteView.of(new byte[3]))).isEmpty();
    }
  }

  private static Path image(String name) {
    Path image = Path.of(System.getProperty("kexecsim.images", "")).resolve(name);
    assumeTrue(Files.exists(image), () -> "skipped: no real image at " + image);
    return image;
  }

  /** Bytes in which every second instruction is one that some filter looks for. */
  private static byte[] branches(long seed, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (bytes.size() < size) {
      int word =
          switch (random.nextInt(12)) {
            case 0 -> 0xeb00_0000 | random.nextInt(1 << 24);
            case 1 -> 0xf800_f000 | random.nextInt() & 0x07ff_07ff;
            case 2 -> 0x9400_0000 | random.nextInt(1 << 26);
            case 3 -> 0x9000_0000 | random.nextInt() & 0x60ff_ffff;
            case 4 -> Integer.reverseBytes(0x4800_0001 | random.nextInt(1 << 24) << 2);
            case 5 ->
                Integer.reverseBytes(
                    random.nextBoolean()
                        ? 0x4000_0000 | random.nextInt(1 << 22)
                        : 0x7fc0_0000 | random.nextInt(1 << 22));
            case 6 -> 0xef | random.nextInt() << 12 | (random.nextBoolean() ? 0 : 0x200);
            case 7 -> 0x17 | random.nextInt(32) << 7 | random.nextInt() << 12;
            case 8 -> 0xe8 | random.nextInt(1 << 24) << 8;
            case 9 -> 0x00e9_e8ff;
            case 10 -> 0xffff_00e8;
            default -> random.nextInt();
          };
      for (int i = 0; i < 4; i++) {
        bytes.write(word >>> 8 * i);
      }
      if ((word & 0x7f) == 0x17 && random.nextBoolean()) {
        int partner = random.nextInt() & 0xfff0_7000 | (word >>> 7 & 31) << 15 | 0x67;
        for (int i = 0; i < 4; i++) {
          bytes.write(partner >>> 8 * i);
        }
      }
      if (random.nextInt(16) == 0) {
        bytes.write(random.nextInt());
      }
    }
    return Arrays.copyOf(bytes.toByteArray(), size);
  }
}
