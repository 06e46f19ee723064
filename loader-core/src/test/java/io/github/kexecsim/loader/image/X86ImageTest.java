package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Raw x86 images, made of ELF files and read again. */
class X86ImageTest {
  private static final Path IMAGES = Path.of(System.getProperty("kexecsim.images", "absent"));
  private static final int PROLOGUE_CODE = 34;

  @Test
  void numbersAreReadFromTheirNops() {
    ByteView raw = X86ImageWriter.write(Vmlinux.small().bytes(), Limits.DEFAULT);
    X86Image image = (X86Image) ImageProbe.parse(raw);

    assertThat(image.architecture()).contains(Architecture.X86_64);
    assertThat(image.imageSize()).hasValue(Vmlinux.MEMORY);
    assertThat(image.codeSize()).isEqualTo(0x3000 + 0x800);
    assertThat(image.relocationsSize()).isEqualTo(raw.size() - Vmlinux.MEMORY);
    assertThat(image.findings()).extracting(Finding::flaw).containsExactly(Flaw.PROPOSED_FORMAT);
  }

  @Test
  void segmentsLieAtTheirPhysicalAddressesAndBssIsZero() {
    Vmlinux elf = Vmlinux.small();
    byte[] raw = X86ImageWriter.write(elf.bytes(), Limits.DEFAULT).toByteArray();

    assertThat(Arrays.copyOfRange(raw, 0x100, 0x1000)).containsOnly(0x11);
    assertThat(Arrays.copyOfRange(raw, 0x3000, 0x3800)).containsOnly(0x22);
    assertThat(Arrays.copyOfRange(raw, 0x3800, Vmlinux.MEMORY)).containsOnly(0);
    assertThat(Arrays.copyOfRange(raw, Vmlinux.MEMORY, raw.length)).isEqualTo(elf.relocations());
  }

  @Test
  void prologuePutsTheFirstBytesBackAndGoesOnAtTheEntry() {
    Vmlinux elf = Vmlinux.small();
    ByteView raw = X86ImageWriter.write(elf.bytes(), Limits.DEFAULT);

    int prologue = jump(raw, 0);
    assertThat(prologue).isEqualTo(0x1000);
    assertThat(prologue + 10 + (int) raw.u32le(prologue + 6)).isZero();
    int saved = prologue + 17 + (int) raw.u32le(prologue + 13);
    assertThat(saved).isEqualTo(prologue + PROLOGUE_CODE);
    assertThat(raw.u32le(prologue + 18)).isEqualTo(X86Image.HEADER_SIZE);
    for (int i = 0; i < X86Image.HEADER_SIZE; i++) {
      assertThat(raw.u8(saved + i)).isEqualTo(0x11);
    }
    assertThat(jump(raw, prologue + 28)).isEqualTo(Vmlinux.ENTRY);
  }

  /** Where a jump with 32 bits of displacement goes. */
  private static int jump(ByteView code, int at) {
    assertThat(code.u8(at)).isEqualTo(0xe9);
    return at + 5 + (int) code.u32le(at + 1);
  }

  @Test
  void prologueGoesBehindTheKernelWhereItHasNoGap() {
    Vmlinux elf = Vmlinux.small().put64(Vmlinux.FIRST + 40, 0x3000);
    ByteView raw = X86ImageWriter.write(elf.bytes(), Limits.DEFAULT);

    X86Image image = (X86Image) ImageProbe.parse(raw);
    assertThat(image.imageSize()).hasValue(Vmlinux.MEMORY + 0x1000);
    assertThat(image.codeSize()).isEqualTo(Vmlinux.MEMORY + 0x1000);
    assertThat(jump(raw, 0)).isEqualTo(Vmlinux.MEMORY);
    assertThat(jump(raw, Vmlinux.MEMORY + 28)).isEqualTo(Vmlinux.ENTRY);
  }

  @Test
  void relocationsMoveWhatTheyLeadTo() {
    byte[] kernel = new byte[0x1000];
    ByteBuffer words = ByteBuffer.wrap(kernel).order(ByteOrder.LITTLE_ENDIAN);
    words.putLong(0x10, 0xffff_ffff_8100_0010L).putInt(0x20, 5000).putInt(0x30, 0x8100_0030);
    X86Relocations relocations =
        X86Relocations.of(words(0, 0x8100_0010, 0, 0x8100_0020, 0, 0x8100_0030), 0, 0x1000);

    relocations.applyTo(kernel, 0x20_0000);

    assertThat(words.getLong(0x10)).isEqualTo(0xffff_ffff_8120_0010L);
    assertThat(words.getInt(0x20)).isEqualTo(5000 - 0x20_0000);
    assertThat(words.getInt(0x30)).isEqualTo(0x8120_0030);
    relocations.applyTo(kernel, -0x20_0000);
    assertThat(words.getLong(0x10)).isEqualTo(0xffff_ffff_8100_0010L);
    assertThat(words.getInt(0x20)).isEqualTo(5000);
  }

  @Test
  void newerKernelsHaveTwoLists() {
    byte[] kernel = new byte[0x1000];
    X86Relocations.of(words(0, 0x8100_0010, 0, 0x8100_0030), 0, 0x1000).applyTo(kernel, 1);
    assertThat(kernel[0x10]).isEqualTo((byte) 1);
    assertThat(kernel[0x30]).isEqualTo((byte) 1);
  }

  @Test
  void relocationsThatLeadOutAreRefused() {
    for (int address : new int[] {0x80ff_ffff, 0x8100_0ffd, 0x7fff_ffff, 1}) {
      assertThatExceptionOfType(KexecException.class)
          .isThrownBy(() -> X86Relocations.of(words(0, 0, 0, address), 0, 0x1000))
          .matches(e -> e.reason() == Reason.BAD_HEADER);
    }
    X86Relocations.of(words(0, 0, 0, 0x8100_0ffc), 0, 0x1000);
  }

  private static ByteView words(int... words) {
    ByteBuffer out = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(words).forEach(out::putInt);
    return ByteView.of(out.array());
  }

  @Test
  void hugeMemszIsRefusedBeforeMemoryIsTaken() {
    refused(Vmlinux.small().put64(Vmlinux.SECOND + 40, 1L << 29), Reason.LIMIT_EXCEEDED);
    for (long memsz : List.of(1L << 30, 1L << 40, Long.MAX_VALUE, -1L, Long.MIN_VALUE)) {
      refused(Vmlinux.small().put64(Vmlinux.SECOND + 40, memsz), Reason.BAD_HEADER);
    }
    for (long paddr : List.of(0L, 0xff_f000L, 1L << 31, -0x1000L)) {
      refused(Vmlinux.small().put64(Vmlinux.SECOND + 24, paddr), Reason.BAD_HEADER);
    }
  }

  @Test
  void otherFilesAreRefused() {
    refused(Vmlinux.small().put64(Vmlinux.FIRST + 24, 0x120_0000), Reason.UNSUPPORTED_IMAGE);
    refused(Vmlinux.small().put64(24, 0x100_3900), Reason.BAD_HEADER);
    refused(Vmlinux.small().put16(18, 183), Reason.UNSUPPORTED_IMAGE);
    refused(Vmlinux.small().put64(Vmlinux.SECOND + 32, 0x10_0000), Reason.BAD_HEADER);
    refused(Vmlinux.small().put64(Vmlinux.SECOND + 8, 1L << 40), Reason.TRUNCATED);
    // A relocation inside the first bytes.
    byte[] bytes = Vmlinux.small().bytes().toByteArray();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(bytes.length - 4, 0x8100_0021);
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(() -> X86ImageWriter.write(ByteView.of(bytes), Limits.DEFAULT))
        .matches(e -> e.reason() == Reason.UNSUPPORTED_IMAGE);
  }

  @Test
  void sectionsTellWhereTheStartsCodeEnds() {
    for (boolean counted : new boolean[] {true, false}) {
      Vmlinux elf = Vmlinux.small().withSections(counted);
      ByteView raw = X86ImageWriter.write(elf.bytes(), Limits.DEFAULT);
      X86Image image = (X86Image) ImageProbe.parse(raw);
      assertThat(image.codeSize()).isEqualTo(0x3456);
      assertThat(raw.from(image.imageSizeField())).isEqualTo(ByteView.of(elf.relocations()));
    }
  }

  private static void refused(Vmlinux elf, Reason reason) {
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(() -> X86ImageWriter.write(elf.bytes(), Limits.DEFAULT))
        .matches(e -> e.reason() == reason, "reason " + reason);
  }

  @Test
  void damagedFilesAreRefusedOrWritten() {
    SplittableRandom random = new SplittableRandom(8);
    byte[] whole = Vmlinux.small().bytes().toByteArray();
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged =
          Arrays.copyOf(
              whole, random.nextInt(4) == 0 ? random.nextInt(whole.length) : whole.length);
      for (int i = random.nextInt(4); i > 0 && damaged.length > 0; i--) {
        int at = random.nextInt(Math.min(damaged.length, 0x200));
        damaged[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : 0xff);
      }
      try {
        ByteView raw =
            X86ImageWriter.write(
                ByteView.of(damaged),
                Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, 16 << 20));
        assertThat(ImageProbe.parse(raw).format()).isEqualTo(X86Image.FORMAT);
      } catch (KexecException e) {
        assertThat(e.reason()).isNotNull();
      }
    }
  }

  @Test
  void writtenImagesAreLeftAlone() {
    byte[] raw = X86ImageWriter.write(Vmlinux.small().bytes(), Limits.DEFAULT).toByteArray();
    Vmlinux again = Vmlinux.small().put64(24, X86Image.LOAD_PHYSICAL_ADDR);
    again.put(Vmlinux.FIRST_CONTENT, Arrays.copyOf(raw, X86Image.HEADER_SIZE));

    byte[] written = X86ImageWriter.write(again.bytes(), Limits.DEFAULT).toByteArray();

    assertThat(Arrays.copyOf(written, 0x1000)).isEqualTo(Arrays.copyOf(raw, 0x1000));
    assertThat(Arrays.copyOfRange(written, 0x1000, 0x3000)).containsOnly(0);
  }

  @Test
  void distributionKernelIsLaidOutAsObjcopyDoes(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path bzImage = IMAGES.resolve("deb612-cloud-amd64.bzImage");
    assumeTrue(Files.isRegularFile(bzImage), "no folder of real images (kexecsim.images)");
    assumeTrue(isInstalled("objcopy"), "skipped: objcopy is not installed");
    List<Layer> layers = Layers.of(ByteView.of(Files.readAllBytes(bzImage)), Limits.DEFAULT);
    ByteView elf = layers.get(1).bytes();

    ByteView raw = X86ImageWriter.write(elf, Limits.DEFAULT);

    X86Image image = (X86Image) ImageProbe.parse(raw);
    Path input = Files.write(folder.resolve("vmlinux"), elf.toByteArray());
    Path output = folder.resolve("Image");
    int status =
        new ProcessBuilder("objcopy", "-O", "binary", input.toString(), output.toString())
            .inheritIO()
            .start()
            .waitFor();
    assertThat(status).isZero();
    byte[] expected = Arrays.copyOf(Files.readAllBytes(output), (int) image.imageSizeField());
    byte[] actual = raw.slice(0, image.imageSizeField()).toByteArray();
    int prologue = jump(raw, 0);
    // What the prologue does.
    System.arraycopy(actual, prologue + PROLOGUE_CODE, actual, 0, X86Image.HEADER_SIZE);
    Arrays.fill(actual, prologue, prologue + PROLOGUE_CODE + X86Image.HEADER_SIZE, (byte) 0);
    assertThat(Arrays.mismatch(actual, expected)).isEqualTo(-1);
    assertThat(jump(raw, prologue + 28)).isEqualTo(0xc43);
    assertThat(image.codeSize()).isEqualTo(0x23afce4);
    assertThat(image.relocationsSize()).isEqualTo(236_721 * 4L);
    X86Relocations.of(raw, image.imageSizeField(), image.imageSizeField());
  }

  private static boolean isInstalled(String program) {
    return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(System.getenv().getOrDefault("PATH", ""))
        .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
  }

  /** An ELF file with two segments, a gap between them, and relocations behind it. */
  private static final class Vmlinux {
    static final int FIRST = 64;
    static final int SECOND = FIRST + 56;
    static final int FIRST_CONTENT = 0x1000;
    static final int ENTRY = 0x345;
    static final int MEMORY = 0x6000;
    private static final int END = 0x2800;

    private final ByteBuffer file = ByteBuffer.allocate(END + 24).order(ByteOrder.LITTLE_ENDIAN);

    static Vmlinux small() {
      Vmlinux elf = new Vmlinux();
      elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
      elf.put16(16, 2).put16(18, 62).put64(24, X86Image.LOAD_PHYSICAL_ADDR + ENTRY);
      elf.put64(32, FIRST).put16(54, 56).put16(56, 2).put16(58, 64);
      elf.segment(FIRST, FIRST_CONTENT, 0, 0x1000, 0x1000);
      elf.segment(SECOND, 0x2000, 0x3000, 0x800, 0x3000 - 0x10);
      Arrays.fill(elf.file.array(), 0x1000, 0x2000, (byte) 0x11);
      Arrays.fill(elf.file.array(), 0x2000, END, (byte) 0x22);
      elf.file.position(END);
      for (int word : new int[] {0, 0x8100_0100, 0, 0x8100_3000, 0, 0x8100_3010}) {
        elf.file.putInt(word);
      }
      return elf;
    }

    /** With a table of sections inside of the first segment, whose size its header tells or not. */
    Vmlinux withSections(boolean counted) {
      int table = 0x1400;
      put64(40, table).put16(60, counted ? 3 : 0).put16(62, 2);
      Arrays.fill(file.array(), table, table + 3 * 64, (byte) 0);
      put64(table + 32, counted ? 0 : 3);
      file.putInt(table + 64, 1).putInt(table + 68, 1);
      put64(table + 80, 0xffff_ffff_8100_3000L).put64(table + 88, 0x2000).put64(table + 96, 0x456);
      file.putInt(table + 132, 3);
      put64(table + 152, 0x1600).put64(table + 160, 13);
      put(0x1600, "\0.init.text\0\0".getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    private void segment(int row, int offset, int start, int filesz, int memsz) {
      file.putInt(row, 1).putInt(row + 4, 5);
      put64(row + 8, offset).put64(row + 24, X86Image.LOAD_PHYSICAL_ADDR + start);
      put64(row + 32, filesz).put64(row + 40, memsz);
    }

    Vmlinux put16(int at, int value) {
      file.putShort(at, (short) value);
      return this;
    }

    Vmlinux put64(int at, long value) {
      file.putLong(at, value);
      return this;
    }

    void put(int at, byte[] bytes) {
      file.put(at, bytes);
    }

    byte[] relocations() {
      return Arrays.copyOfRange(file.array(), END, file.capacity());
    }

    ByteView bytes() {
      return ByteView.of(file.array());
    }
  }
}
