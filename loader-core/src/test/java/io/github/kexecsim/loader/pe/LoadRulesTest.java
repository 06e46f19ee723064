package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeImages.DATA;
import static io.github.kexecsim.loader.pe.PeImages.RODATA;
import static io.github.kexecsim.loader.pe.PeImages.TEXT;
import static io.github.kexecsim.loader.pe.PeImages.file;
import static io.github.kexecsim.loader.pe.PeImages.filled;
import static io.github.kexecsim.loader.pe.PeImages.header;
import static io.github.kexecsim.loader.pe.PeImages.sound;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What firmware refuses to map, and that {@link PeFindings} tells of it as a defect. */
class LoadRulesTest {
  private static final long MAX = 1L << 32;
  private static final int SECTION_TABLE = 0x40 + PeHeader.COFF_SIZE + 240;
  private static final int RVA_COUNT = 0x40 + PeHeader.COFF_SIZE + 108;
  private static final ByteView NOTHING = ByteView.of(new byte[0]);

  /** Defects that no image has which firmware takes. */
  private static final Set<Flaw> REFUSED =
      EnumSet.of(
          Flaw.BEYOND_FILE,
          Flaw.HEADERS_DISAGREE,
          Flaw.BAD_SECTION_ALIGNMENT,
          Flaw.SECTION_BEYOND_IMAGE);

  private static void check(ByteView file) {
    LoadRules.check(header(file), file, MAX);
  }

  private static void assertRefused(ByteView file) {
    assertThatThrownBy(() -> check(file))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
    assertThat(PeFindings.of(file)).anyMatch(Finding::isDefect);
  }

  @Test
  void soundImageIsTaken() {
    check(file(sound()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 15, 17})
  void directoriesFillTheOptionalHeader(int count) {
    byte[] file = sound().write();
    file[RVA_COUNT] = (byte) count;
    assertRefused(ByteView.of(file));
  }

  @Test
  void storedSectionsKeepOffTheHeaders() {
    PeWriter inMemory =
        new PeWriter(PeMachine.ARM64).section(".text", 0x1ff, 0x1000, filled(0x200, 1), TEXT);
    assertRefused(file(inMemory));
    PeHeader.Section row = new PeHeader.Section(".x", 0x10, 0x5000, 0x10, 0x1ff, RODATA);
    assertRefused(file(sound().section(row, NOTHING)));
  }

  /** Firmware makes it zero, and the headers with it. */
  @Test
  void zerosMayGoOverTheHeaders() {
    check(file(sound().section(".bss", 0x100, 0x10, NOTHING, DATA)));
  }

  @Test
  void headersAreLessThanTheImage() {
    PeWriter writer = new PeWriter(PeMachine.ARM64).entryPoint(0);
    assertRefused(file(writer.sizeOfHeaders(0x200).sizeOfImage(0x200)));
    check(file(writer.sizeOfHeaders(0x200).sizeOfImage(0x201)));
  }

  @Test
  void headersGoBeyondAnEmptySectionTable() {
    PeWriter writer = new PeWriter(PeMachine.ARM64).entryPoint(0).sizeOfImage(0x1000);
    assertRefused(file(writer.sizeOfHeaders(SECTION_TABLE)));
    check(file(writer.sizeOfHeaders(SECTION_TABLE + 1)));
  }

  @Test
  void imageHasRoomForOneRowMore() {
    PeWriter writer = new PeWriter(PeMachine.ARM64).entryPoint(0).fileAlignment(1);
    int least = SECTION_TABLE + PeHeader.SECTION_SIZE;
    writer.sizeOfHeaders(SECTION_TABLE + 1);
    assertRefused(file(writer.sizeOfImage(least - 1)));
    check(file(writer.sizeOfImage(least)));
  }

  @Test
  void whatIsRefusedIsADefectAndTheOtherWayRound() {
    byte[] sound = sound().write();
    SplittableRandom random = new SplittableRandom(7);
    int refused = 0;
    int taken = 0;
    for (int round = 0; round < 50_000; round++) {
      byte[] changed = sound.clone();
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at = 0x40 + random.nextInt(SECTION_TABLE + 3 * PeHeader.SECTION_SIZE - 0x40);
        changed[at] = (byte) (random.nextBoolean() ? random.nextInt() : changed[at] + 1);
      }
      ByteView file = ByteView.of(changed);
      Optional<Boolean> isRefused = isRefused(file);
      if (isRefused.isPresent()) {
        assertThat(isRefused.get()).as("round " + round).isEqualTo(isDefect(file));
        refused += isRefused.get() ? 1 : 0;
        taken += isRefused.get() ? 0 : 1;
      }
    }
    assertThat(refused).isGreaterThan(5_000);
    assertThat(taken).isGreaterThan(5_000);
  }

  /** Empty where no header is left. */
  private static Optional<Boolean> isRefused(ByteView file) {
    Optional<PeHeader> header;
    try {
      header = PeHeader.find(file);
    } catch (KexecException e) {
      return Optional.empty();
    }
    if (header.isEmpty()) {
      return Optional.empty();
    }
    try {
      LoadRules.check(header.get(), file, MAX);
      return Optional.of(false);
    } catch (KexecException e) {
      return Optional.of(true);
    }
  }

  /** Whether a defect was found that firmware stumbles over, and not shim or nobody. */
  private static boolean isDefect(ByteView file) {
    PeHeader header = header(file);
    boolean entryBeyond = header.addressOfEntryPoint() >= header.sizeOfImage();
    boolean storedOverHeaders = header.sections().stream().anyMatch(header::isStoredOverHeaders);
    return PeFindings.of(header, file).stream()
        .map(Finding::flaw)
        .anyMatch(
            flaw ->
                REFUSED.contains(flaw)
                    || flaw == Flaw.ENTRY_OUTSIDE && entryBeyond
                    || flaw == Flaw.SECTION_OVER_HEADERS && storedOverHeaders);
  }
}
