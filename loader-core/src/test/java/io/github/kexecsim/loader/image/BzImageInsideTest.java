package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static io.github.kexecsim.loader.image.ImageFixtures.withText;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a bzImage's setup header says, and what it leads to. */
class BzImageInsideTest {
  private static final int SETUP = 4 * 512;
  private final byte[] image = ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()));

  @ParameterizedTest
  @EnumSource(SetupField.class)
  void everyFieldHasAMeaning(SetupField field) {
    assertThat(field.meaning()).isNotEmpty();
    assertThat(meaning(image, field)).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "TYPE_OF_LOADER, 0xd1, kexec-tools",
    "TYPE_OF_LOADER, 0x72, GRUB",
    "TYPE_OF_LOADER, 0xff, a loader without a number",
    "TYPE_OF_LOADER, 0x60, not assigned",
    "HARDWARE_SUBARCH, 2, Xen",
    "HARDWARE_SUBARCH, 9, not assigned",
    "VID_MODE, 0xfffd, ask",
    "LOADFLAGS, 0xa1, LOADED_HIGH QUIET_FLAG CAN_USE_HEAP",
    "VERSION, 0x20c, 2.12",
    "SETUP_DATA, 0x1000, list of setup_data begins here",
  })
  void valuesAreNamed(SetupField field, String value, String meaning) {
    byte[] changed = image.clone();
    long number = Long.decode(value);
    for (int i = 0; i < field.size(); i++) {
      changed[field.offset() + i] = (byte) (number >> 8 * i);
    }
    assertThat(meaning(changed, field)).isEqualTo(meaning);
  }

  @Test
  void extendedLoadersAreNamedByTheirOwnField() {
    byte[] changed = image.clone();
    changed[0x210] = (byte) 0xe0;
    changed[0x227] = 2;
    assertThat(meaning(changed, SetupField.TYPE_OF_LOADER)).isEqualTo("OVMF");
    changed[0x227] = (byte) 0xee;
    assertThat(meaning(changed, SetupField.TYPE_OF_LOADER)).isEqualTo("not assigned");
  }

  @Test
  void versionTextIsReadInsideOfSetupOnly() {
    byte[] named = withText(with16(image, 0x20e, 0x300), 0x500, "6.1.0 (someone) #1");
    assertThat(parse(named).kernelVersion(ByteView.of(named))).contains("6.1.0 (someone) #1");
    assertThat(parse(named).fields(ByteView.of(named)))
        .contains(new Field("kernel release", "6.1.0", "(someone) #1"));
    byte[] hostile = withText(with16(image, 0x20e, 0x300), 0x500, "\u001b[2J");
    assertThat(parse(hostile).fields(ByteView.of(hostile)))
        .contains(new Field("kernel release", "\\x1b[2J", ""));
    assertThat(parse(image).kernelVersion(ByteView.of(image))).isEmpty();
    byte[] outside = with16(image, 0x20e, SETUP);
    assertThat(parse(outside).kernelVersion(ByteView.of(outside))).isEmpty();
    byte[] last = with16(image, 0x20e, SETUP - 0x201);
    assertThat(parse(last).kernelVersion(ByteView.of(last))).contains("");
  }

  @Test
  void kernelInfoIsReadWhereItIs() {
    byte[] told = with32(withText(image, SETUP + 0x10, "LToP"), 0x268, 0x10);
    told = with32(with32(told, SETUP + 0x14, 16), SETUP + 0x18, 20);
    told = with32(told, SETUP + 0x1c, 0x80000009L);
    KernelInfo info = KernelInfo.of(parse(told), ByteView.of(told)).orElseThrow();
    assertThat(info).isEqualTo(new KernelInfo(SETUP + 0x10, 16, 20, 0x80000009L));
    assertThat(info.takesIndirect()).isTrue();
    assertThat(KernelInfo.of(parse(image), ByteView.of(image))).isEmpty();
    byte[] away = with32(told, 0x268, 0xffff_ffffL);
    assertThat(KernelInfo.of(parse(away), ByteView.of(away))).isEmpty();
    byte[] old = with16(told, 0x206, 0x20e);
    assertThat(KernelInfo.of(parse(old), ByteView.of(old))).isEmpty();
    byte[] cut = Arrays.copyOf(told, SETUP + 0x18);
    assertThat(KernelInfo.of(parse(cut), ByteView.of(cut))).isEmpty();
  }

  @Test
  void impossibleHeadersAreFound() {
    assertThat(flaws(image)).isEmpty();
    assertThat(flaws(with32(image, 0x230, 0x300000)))
        .containsExactly(Flaw.ALIGNMENT_NOT_A_POWER_OF_TWO);
    assertThat(flaws(with32(image, 0x230, 0))).containsExactly(Flaw.ALIGNMENT_NOT_A_POWER_OF_TWO);
    assertThat(flaws(with32(image, 0x258, 0x1100000)))
        .containsExactly(Flaw.PREF_ADDRESS_MISALIGNED);
    assertThat(flaws(with32(image, 0x1f4, 4))).containsExactly(Flaw.PAYLOAD_NOT_INSIDE);
    assertThat(flaws(with16(image, 0x236, 0x41))).containsExactly(Flaw.CONTRADICTING_FLAGS);
    assertThat(flaws(with16(image, 0x236, 2)))
        .containsExactly(Flaw.NO_64_BIT_ENTRY, Flaw.CONTRADICTING_FLAGS);
    byte[] fixed = image.clone();
    fixed[0x234] = 0;
    assertThat(flaws(fixed)).containsExactly(Flaw.CONTRADICTING_FLAGS);
    // Protocols that do not have the fields say nothing wrong in them.
    assertThat(flaws(with32(with16(image, 0x206, 0x204), 0x230, 3)))
        .containsExactly(Flaw.NO_64_BIT_ENTRY);
  }

  private static String meaning(byte[] file, SetupField field) {
    return parse(file).fields().stream()
        .filter(shown -> shown.name().equals(field.label()))
        .findFirst()
        .orElseThrow()
        .meaning();
  }

  private static List<Flaw> flaws(byte[] file) {
    return parse(file).findings().stream().map(Finding::flaw).toList();
  }

  private static byte[] with16(byte[] file, int offset, int value) {
    byte[] changed = file.clone();
    changed[offset] = (byte) value;
    changed[offset + 1] = (byte) (value >> 8);
    return changed;
  }

  private static BzImage parse(byte[] file) {
    return BzImage.parse(ByteView.of(file), file.length);
  }
}
