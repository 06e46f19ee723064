package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ElfImageTest {
  private static final ProgramHeader SEGMENT =
      new ProgramHeader(1, 5, 0x100, 0x8100_0000L, 0x100_0000, 0x40, 0x80, 0x1000);

  @ParameterizedTest
  @CsvSource({"true, false", "true, true", "false, false", "false, true"})
  void programHeadersAreReadInEveryClassAndByteOrder(boolean is64Bit, boolean bigEndian) {
    ByteView file = ByteView.of(elf(is64Bit, bigEndian, 1));
    ElfImage image = ElfImage.parse(file);
    assertThat(image.programHeaders(file)).containsExactly(SEGMENT);
    assertThat(image.contentEnd(file)).isEqualTo(0x140);
    assertThat(image.findings(file)).isEmpty();
    assertThat(image.fields(file)).hasSize(image.fields().size() + 1);
  }

  @Test
  void segmentTellsItsBssAndItsPermissions() {
    assertThat(SEGMENT.bss()).isEqualTo(0x40);
    assertThat(SEGMENT.permissions()).isEqualTo("r-x");
    assertThat(SEGMENT.isLoad()).isTrue();
    assertThat(new ProgramHeader(4, 2, 0, 0, 0, 2, 1, 0).bss()).isZero();
    assertThat(new ProgramHeader(0x7000_0001L, 2, 0, 0, 0, 2, 1, 0).typeLabel())
        .isEqualTo("0x70000001");
  }

  @Test
  void damagedTableLeavesTheHeader() {
    byte[] file = elf(true, false, 1);
    assertUnreadable(Reason.TRUNCATED, put(file, 32, 8, Long.MAX_VALUE));
    assertUnreadable(Reason.TRUNCATED, put(file, 32, 8, -1));
    assertUnreadable(Reason.TRUNCATED, put(file, 56, 2, 100));
    assertUnreadable(Reason.BAD_HEADER, put(file, 54, 2, 32));
    assertUnreadable(Reason.TRUNCATED, put(file, 56, 2, 0xfffe));
  }

  @Test
  void numbersPastSixteenBitsStandInTheFirstSection() {
    byte[] file = elf(true, false, 0xffff);
    ByteBuffer out = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(40, 0x80).putShort(58, (short) 64).putShort(60, (short) 1).putInt(0x80 + 44, 1);
    ByteView view = ByteView.of(file);
    assertThat(ElfImage.parse(view).programHeaders(view)).containsExactly(SEGMENT);
    assertThat(ElfImage.parse(view).contentEnd(view)).isEqualTo(0x140);
    assertUnreadable(Reason.LIMIT_EXCEEDED, put(file, 0x80 + 44, 4, 0xffff_ffffL));
  }

  @Test
  void sectionsCountToTheContent() {
    byte[] file = elf(true, false, 1);
    ByteBuffer out = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(40, 0x80).putShort(58, (short) 64).putShort(60, (short) 2);
    out.putInt(0xc0 + 4, 1).putLong(0xc0 + 24, 0x150).putLong(0xc0 + 32, 0x20);
    ByteView view = ByteView.of(file);
    assertThat(ElfImage.parse(view).contentEnd(view)).isEqualTo(0x170);
    // SHT_NOBITS takes nothing of the file.
    out.putInt(0xc0 + 4, 8);
    assertThat(ElfImage.parse(view).contentEnd(view)).isEqualTo(0x140);
    out.putInt(0xc0 + 4, 1).putLong(0xc0 + 32, 0x1000);
    assertThatThrownBy(() -> ElfImage.parse(view).contentEnd(view))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
  }

  private static void assertUnreadable(Reason reason, byte[] file) {
    ByteView view = ByteView.of(file);
    ElfImage image = ElfImage.parse(view);
    assertThatThrownBy(() -> image.programHeaders(view))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    assertThat(image.findings(view))
        .extracting(Finding::flaw)
        .containsExactly(Flaw.PROGRAM_HEADERS_UNREADABLE);
    assertThat(image.fields(view)).isEqualTo(image.fields());
  }

  private static byte[] put(byte[] file, int at, int width, long value) {
    byte[] changed = file.clone();
    for (int i = 0; i < width; i++) {
      changed[at + i] = (byte) (value >> 8 * i);
    }
    return changed;
  }

  /** A file of one segment, whose header says that there are {@code count}. */
  private static byte[] elf(boolean is64Bit, boolean bigEndian, int count) {
    ByteBuffer out =
        ByteBuffer.allocate(0x180)
            .order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    out.put(
        0, new byte[] {0x7f, 'E', 'L', 'F', (byte) (is64Bit ? 2 : 1), (byte) (bigEndian ? 2 : 1)});
    if (is64Bit) {
      out.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) count);
      out.putInt(64, 1).putInt(68, 5).putLong(72, SEGMENT.offset()).putLong(80, SEGMENT.vaddr());
      out.putLong(88, SEGMENT.paddr()).putLong(96, SEGMENT.filesz()).putLong(104, SEGMENT.memsz());
      out.putLong(112, SEGMENT.align());
    } else {
      out.putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) count);
      out.putInt(52, 1).putInt(56, (int) SEGMENT.offset()).putInt(60, (int) SEGMENT.vaddr());
      out.putInt(64, (int) SEGMENT.paddr()).putInt(68, (int) SEGMENT.filesz());
      out.putInt(72, (int) SEGMENT.memsz()).putInt(76, 5).putInt(80, (int) SEGMENT.align());
    }
    return out.array();
  }
}
