package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.pe.PeHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Images in images in images, up to such as never end. */
class NestingBombsTest {
  private static final byte[] RAW = ImageFixtures.arm64();
  private static final int DEPTH = (int) Limits.DEFAULT.of(Limit.LAYERS);

  @Test
  void everyWrapperEndsAtTheDepth() {
    List<UnaryOperator<byte[]>> wrappers =
        List.of(ImageFixtures::gzip, ImageFixtures::zboot, ImageFixtures::uki);
    for (int first = 0; first < wrappers.size(); first++) {
      byte[] file = RAW;
      for (int i = 1; i < DEPTH; i++) {
        file = wrappers.get(first).apply(file);
      }
      assertThat(Layers.of(ByteView.of(file), Limits.DEFAULT)).hasSize(DEPTH);
      endsAtTheDepth(wrappers.get(first).apply(file));
    }
    byte[] mixed = RAW;
    for (int i = 0; i < 60; i++) {
      mixed = wrappers.get(i % wrappers.size()).apply(mixed);
    }
    endsAtTheDepth(mixed);
    Limits deep = Limits.DEFAULT.with(Limit.LAYERS, 61);
    assertThat(Layers.of(ByteView.of(mixed), deep)).hasSize(61);
  }

  /** Its kernel is all of the file: no layer is smaller than the one around it. */
  @Test
  void aUkiThatHoldsItselfEndsAtTheDepth() {
    byte[] uki = ImageFixtures.uki(RAW);
    int row = sectionRow(uki, ".linux");
    byte[] itself = ImageFixtures.with32(uki, row + 8, uki.length);
    itself = ImageFixtures.with32(itself, row + 16, uki.length);
    itself = ImageFixtures.with32(itself, row + 20, 0);

    endsAtTheDepth(itself);
    Limits most = Limits.DEFAULT.with(Limit.LAYERS, Limit.LAYERS.most());
    List<Layer> seen = new ArrayList<>();
    ByteView file = ByteView.of(itself);
    assertThat(refusal(() -> Layers.walk(file, most, seen::add)).reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(seen).hasSize((int) Limit.LAYERS.most());
  }

  @Test
  void bombsInBombsShareOneBudget() {
    byte[] zeros = ImageFixtures.with32(new byte[1 << 20], 56, 0x644d_5241);
    byte[] inner = ImageFixtures.zboot(zeros);
    ByteView file = ByteView.of(ImageFixtures.gzip(inner));
    Limits exactly = Limits.DEFAULT.with(Limit.DECOMPRESSED, inner.length + zeros.length);

    assertThat(Layers.of(file, exactly)).hasSize(3);
    Limits oneLess = exactly.with(Limit.DECOMPRESSED, inner.length + zeros.length - 1);
    assertThat(refusal(() -> Layers.of(file, oneLess)).reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void sectionsAreBounded() {
    byte[] uki = ImageFixtures.uki(RAW);
    int sections = PeHeader.sectionCount(ByteView.of(uki));
    assertSectionsBounded(uki, sections);
    byte[] elf = ImageFixtures.with32(ImageFixtures.elf(), 54, 3 << 16 | 56);
    assertSectionsBounded(elf, 3);
    // More sections than e_shnum can tell: the first one's sh_size is their number.
    elf = ImageFixtures.with32(elf, 40, 0x40);
    elf = ImageFixtures.with32(elf, 0x40 + 32, 7);
    elf = ImageFixtures.with32(elf, 0x40 + 36, 0);
    assertSectionsBounded(elf, 7);
    byte[] wrapped = ImageFixtures.gzip(uki);
    Limits limits = Limits.DEFAULT.with(Limit.SECTIONS, sections - 1);
    assertThat(refusal(() -> Layers.of(ByteView.of(wrapped), limits)).reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  private static void assertSectionsBounded(byte[] file, int sections) {
    ByteView view = ByteView.of(file);
    assertThat(sections).isGreaterThan(1);
    Limits enough = Limits.DEFAULT.with(Limit.SECTIONS, sections);
    assertThat(ImageProbe.parse(view, enough).sectionCount(view)).isEqualTo(sections);
    Limits oneLess = Limits.DEFAULT.with(Limit.SECTIONS, sections - 1);
    assertThat(refusal(() -> ImageProbe.parse(view, oneLess)).reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  private static void endsAtTheDepth(byte[] file) {
    List<Layer> seen = new ArrayList<>();
    KexecException refusal =
        refusal(() -> Layers.walk(ByteView.of(file), Limits.DEFAULT, seen::add));
    assertThat(refusal.reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(seen).hasSize(DEPTH);
  }

  private static KexecException refusal(Runnable work) {
    return catchThrowableOfType(KexecException.class, work::run);
  }

  /** Where a section's row stands in the file. */
  private static int sectionRow(byte[] file, String name) {
    ByteView view = ByteView.of(file);
    int at = (int) view.u32le(0x3c) + 24;
    while (!view.matches(at, name)) {
      at++;
    }
    return at;
  }
}
