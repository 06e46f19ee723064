package io.github.kexecsim.loader.uki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.pe.PeMachine;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfilesTest {
  private static final ByteView FILE =
      UkiBuilder.of(PeMachine.X86_64)
          .section(".linux", "kernel")
          .section(".cmdline", "base")
          .section(".dtbauto", "base1")
          .section(".dtbauto", "base2")
          .section(".profile", "ID=regular\nTITLE=\"Regular boot\"\n")
          .section(".profile", "# a remark\nID='factory reset'\nTITLE=Reset\n")
          .section(".cmdline", "reset")
          .section(".dtbauto", "reset1")
          .section(".profile", "TITLE=nameless")
          .sized(".cmdline", 0, new byte[0])
          .view();
  private static final Profiles PROFILES =
      Profiles.of(PeHeader.find(FILE).orElseThrow().sections());

  private static Optional<String> text(ProfileSections sections, UkiSection kind) {
    return sections.one(kind).map(ProfilesTest::text);
  }

  private static String text(Section row) {
    return new String(row.in(FILE).toByteArray(), StandardCharsets.UTF_8);
  }

  @Test
  void aProfileOverridesTheBaseSectionBySection() {
    assertThat(PROFILES.count()).isEqualTo(3);
    assertThat(text(PROFILES.select(0), UkiSection.CMDLINE)).contains("base");
    assertThat(text(PROFILES.select(1), UkiSection.CMDLINE)).contains("reset");
    assertThat(text(PROFILES.select(1), UkiSection.LINUX)).contains("kernel");
    assertThat(PROFILES.byDefault()).isEqualTo(PROFILES.select(0));
  }

  @Test
  void anEmptySectionHidesTheBases() {
    assertThat(text(PROFILES.select(2), UkiSection.CMDLINE)).isEmpty();
  }

  @Test
  void sectionsThatMayRepeatAreAllThere() {
    assertThat(PROFILES.select(1).all(UkiSection.DTBAUTO))
        .extracting(ProfilesTest::text)
        .containsExactly("reset1", "base1", "base2");
  }

  @Test
  void profilesAreFoundByNumberAndById() {
    assertThat(PROFILES.select("regular", FILE).number()).isEqualTo(OptionalInt.of(0));
    assertThat(PROFILES.select("factory reset", FILE).number()).isEqualTo(OptionalInt.of(1));
    assertThat(PROFILES.select("@2", FILE).number()).isEqualTo(OptionalInt.of(2));
    assertThat(PROFILES.select("1", FILE)).isEqualTo(PROFILES.select(1));
    assertThat(PROFILES.title(0, FILE)).contains("Regular boot");
    assertThat(PROFILES.id(2, FILE)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "@3", "999999999", "Regular", "", "-1", "@"})
  void otherProfilesAreRefused(String wanted) {
    assertThatThrownBy(() -> PROFILES.select(wanted, FILE))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_PROFILE));
  }

  @Test
  void anUndividedUkiIsProfileZero() {
    ByteView file = UkiBuilder.of(PeMachine.ARM64).section(".linux", "kernel").view();
    Profiles none = Profiles.of(PeHeader.find(file).orElseThrow().sections());
    assertThat(none.count()).isZero();
    assertThat(none.select(0).number()).isEmpty();
    assertThat(none.select("@0", file).one(UkiSection.LINUX)).isPresent();
    assertThatThrownBy(() -> none.select(1)).isInstanceOf(KexecException.class);
  }

  @Test
  void theFirstOfSeveralCounts() {
    ByteView file =
        UkiBuilder.of(PeMachine.ARM64).section(".linux", "1").section(".linux", "2").view();
    Section first =
        Profiles.of(PeHeader.find(file).orElseThrow().sections())
            .byDefault()
            .one(UkiSection.LINUX)
            .orElseThrow();
    assertThat(first.in(file)).isEqualTo(ByteView.of("1".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void everySectionIsFoundByItsName() {
    for (UkiSection section : UkiSection.values()) {
      assertThat(UkiSection.byName(section.label())).contains(section);
      assertThat(section.label().length()).isLessThanOrEqualTo(8);
    }
    assertThat(List.of(".text", ".Linux", "linux", ""))
        .allMatch(name -> UkiSection.byName(name).isEmpty());
  }
}
