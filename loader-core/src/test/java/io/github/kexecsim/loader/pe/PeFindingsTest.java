package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeImages.DATA;
import static io.github.kexecsim.loader.pe.PeImages.RODATA;
import static io.github.kexecsim.loader.pe.PeImages.TEXT;
import static io.github.kexecsim.loader.pe.PeImages.file;
import static io.github.kexecsim.loader.pe.PeImages.filled;
import static io.github.kexecsim.loader.pe.PeImages.header;
import static io.github.kexecsim.loader.pe.PeImages.sound;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeFindingsTest {
  private static final ByteView PAGE = filled(0x200, 1);

  @Test
  void soundImageHasNone() {
    assertThat(PeFindings.of(file(sound()))).isEmpty();
    assertThat(WriteXorExecute.objections(header(file(sound())))).isEmpty();
  }

  @Test
  void fileWithoutPeHeaderHasNone() {
    assertThat(PeFindings.of(ByteView.of(new byte[0]))).isEmpty();
    assertThat(PeFindings.of(ByteView.of(new byte[] {'M', 'Z'}))).isEmpty();
    assertThat(PeFindings.of(filled(100, 0))).isEmpty();
  }

  @Test
  void headerThatCannotBeReadIsAFinding() {
    byte[] file = sound().write();
    assertFlaws(ByteView.of(file, 0, 0x100), Flaw.BAD_PE_HEADER);
    file[0x40 + PeHeader.COFF_SIZE] = 0;
    assertFlaws(ByteView.of(file), Flaw.BAD_PE_HEADER);
  }

  @Test
  void sectionsThatOverlapAreToldWithARoomForThem() {
    PeWriter writer =
        sound()
            .section(".cmdline", 0x4008, PAGE, RODATA)
            .section(".osrel", 0x4010, PAGE, RODATA)
            .sectionAlignment(8)
            .sizeOfImage(0x6000);
    List<Finding> findings = PeFindings.of(file(writer));
    assertThat(findings)
        .extracting(Finding::flaw)
        .containsExactly(Flaw.SECTIONS_OVERLAP, Flaw.SECTIONS_OVERLAP);
    assertThat(findings.get(0).message())
        .contains(".cmdline", "0x4008-0x4207", ".rodata", "0x4000-0x400f");
    assertThat(findings.get(0).remedy()).contains("0x4210");
    assertThat(findings.get(1).message()).contains(".osrel", "0x4010-0x420f", ".cmdline");
    assertThat(findings.get(1).remedy()).contains("0x4410");
  }

  @Test
  void oneSectionOverManyIsFoundBehindSmallerOnes() {
    PeWriter writer =
        new PeWriter(PeMachine.ARM64)
            .section(".text", 0x1000, 0x5000, PAGE, TEXT)
            .section(".a", 0x2000, PAGE, DATA)
            .section(".b", 0x4000, PAGE, DATA)
            .section(".c", 0x6000, PAGE, DATA);
    assertFlaws(
        file(writer), Flaw.SECTIONS_OVERLAP, Flaw.SECTIONS_OVERLAP, Flaw.SECTION_ZERO_FILLED);
  }

  @Test
  void whatIsBeyondTheFileIsADefect() {
    ByteView file = file(sound());
    assertFlaws(file.slice(0, file.size() - 1), Flaw.BEYOND_FILE);
    assertFlaws(file(sound().directory(4, 0xa00, 8)), Flaw.BEYOND_FILE);
    assertFlaws(file(sound().directory(4, 0x9f8, 8)));
  }

  @Test
  void whatIsBeyondTheImageIsADefect() {
    assertFlaws(file(sound().sizeOfImage(0x400f)), Flaw.SECTION_BEYOND_IMAGE);
    assertFlaws(file(sound().sizeOfImage(0x4010)));
  }

  @Test
  void headersKeepTheirPlace() {
    PeWriter low = sound().section(".low", 0x100, filled(0x10, 1), RODATA).sizeOfImage(0x5000);
    assertFlaws(
        file(low), Flaw.SECTION_OVER_HEADERS, Flaw.SECTIONS_UNORDERED, Flaw.SECTION_MISALIGNED);
    PeHeader.Section row = new PeHeader.Section(".x", 0x10, 0x5000, 0x10, 0x100, RODATA);
    assertFlaws(file(sound().section(row, ByteView.of(new byte[0]))), Flaw.SECTION_OVER_HEADERS);
    assertFlaws(file(sound().sizeOfHeaders(0x40)), Flaw.HEADERS_DISAGREE);
  }

  @Test
  void directoriesFillTheOptionalHeader() {
    byte[] file = sound().write();
    int count = 0x40 + PeHeader.COFF_SIZE + 108;
    file[count] = 17;
    assertFlaws(ByteView.of(file), Flaw.HEADERS_DISAGREE);
    file[count] = 15;
    assertFlaws(ByteView.of(file), Flaw.HEADERS_DISAGREE);
  }

  @Test
  void alignmentIsAPowerOfTwo() {
    assertFlaws(file(sound().sectionAlignment(0)), Flaw.BAD_SECTION_ALIGNMENT);
    assertFlaws(file(sound().sectionAlignment(0x1800)), Flaw.BAD_SECTION_ALIGNMENT);
    assertFlaws(file(sound().sectionAlignment(0x2000)), Flaw.SECTION_MISALIGNED);
  }

  @Test
  void entryIsInTheCode() {
    assertFlaws(file(sound().entryPoint(0x1233)));
    assertFlaws(file(sound().entryPoint(0x1234)), Flaw.ENTRY_OUTSIDE);
    assertFlaws(file(sound().entryPoint(0x2000)), Flaw.ENTRY_NOT_CODE);
  }

  @Test
  void oddButWorking() {
    assertFlaws(
        file(sound().section(".both", 0x5000, PAGE, TEXT | DATA)), Flaw.WRITABLE_AND_EXECUTABLE);
    assertFlaws(file(sound().characteristics(0x207)), Flaw.RELOCATIONS_STRIPPED);
    assertFlaws(
        file(sound().section(".linux", 0x5000, 0x201, PAGE, RODATA)), Flaw.SECTION_ZERO_FILLED);
    PeHeader.Section again = new PeHeader.Section(".again", 0x10, 0x5000, 0x10, 0x210, RODATA);
    assertFlaws(file(sound().section(again, ByteView.of(new byte[0]))), Flaw.SECTIONS_SHARE_BYTES);
  }

  @Test
  void objectionsOfFirmwareThatEnforcesWriteXorExecute() {
    PeWriter old =
        new PeWriter(PeMachine.X86_64)
            .dllCharacteristics(0)
            .sectionAlignment(0x20)
            .section(".text", 0x200, PAGE, TEXT | DATA);
    assertThat(WriteXorExecute.objections(header(file(old))))
        .extracting(Finding::flaw)
        .containsExactly(
            Flaw.NX_COMPAT_MISSING,
            Flaw.SECTIONS_SHARE_PAGES,
            Flaw.WRITABLE_AND_EXECUTABLE,
            Flaw.ENTRY_NOT_CODE);
  }

  @Test
  void longListsAreCutAndCounted() {
    PeWriter writer = sound();
    for (int i = 0; i < 1000; i++) {
      writer.section("x", 0x10_0000 + i, filled(0x10, 1), RODATA);
    }
    List<Finding> findings = PeFindings.of(file(writer));
    assertThat(findings).hasSize(21);
    assertThat(findings.get(20).flaw()).isEqualTo(Flaw.MORE_FINDINGS);
    // Three are under the long section table, 999 overlap and are misaligned.
    assertThat(findings.get(20).message()).contains(" " + (3 + 999 + 999 - 20) + " ");
  }

  private static void assertFlaws(ByteView file, Flaw... flaws) {
    assertThat(PeFindings.of(file)).extracting(Finding::flaw).containsExactly(flaws);
  }
}
