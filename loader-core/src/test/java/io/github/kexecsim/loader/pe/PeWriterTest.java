package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeHeader.Section.CODE;
import static io.github.kexecsim.loader.pe.PeHeader.Section.EXECUTE;
import static io.github.kexecsim.loader.pe.PeHeader.Section.INITIALIZED_DATA;
import static io.github.kexecsim.loader.pe.PeHeader.Section.READ;
import static io.github.kexecsim.loader.pe.PeHeader.Section.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import org.junit.jupiter.api.Test;

class PeWriterTest {
  private static final ByteView TEXT = ByteView.of(new byte[] {1, 2, 3});
  private static final ByteView DATA = ByteView.of(new byte[0x201]);

  @Test
  void whatIsNotAskedForIsAsItOughtToBe() {
    byte[] file =
        new PeWriter(PeMachine.ARM64)
            .section(".text", 0x1000, TEXT, CODE | READ | EXECUTE)
            .section(".data", 0x2000, 0x1800, DATA, INITIALIZED_DATA | READ | WRITE)
            .section(".bss", 0x4000, 0x10, ByteView.of(new byte[0]), READ | WRITE)
            .write();
    PeHeader pe = PeHeader.parse(ByteView.of(file), 0x40);
    assertThat(pe.machine()).isEqualTo(PeMachine.ARM64.number());
    assertThat(pe.pe32Plus()).isTrue();
    assertThat(pe.nxCompat()).isTrue();
    assertThat(pe.subsystem()).isEqualTo(PeHeader.EFI_APPLICATION);
    assertThat(pe.addressOfEntryPoint()).isEqualTo(0x1000);
    assertThat(pe.imageBase()).isZero();
    assertThat(pe.sizeOfHeaders()).isEqualTo(0x200);
    assertThat(pe.sizeOfImage()).isEqualTo(0x5000);
    assertThat(pe.sections())
        .containsExactly(
            new PeHeader.Section(".text", 3, 0x1000, 0x200, 0x200, CODE | READ | EXECUTE),
            new PeHeader.Section(
                ".data", 0x1800, 0x2000, 0x400, 0x400, INITIALIZED_DATA | READ | WRITE),
            new PeHeader.Section(".bss", 0x10, 0x4000, 0, 0, READ | WRITE));
    assertThat(file).hasSize(0x800);
    assertThat(ByteView.of(file).matches(0x200, (byte) 1, (byte) 2, (byte) 3, (byte) 0)).isTrue();
  }

  @Test
  void whatIsAskedForIsWrittenAsItIs() {
    PeHeader.Section odd =
        new PeHeader.Section(
            "12345678", 0xffff_ffffL, 0xffff_f000L, 0x8000_0000L, 0xffff_fffeL, 0xffff_ffffL);
    byte[] file =
        new PeWriter(0x1234)
            .front(ByteView.of(new byte[0x80]))
            .characteristics(0xffff)
            .dllCharacteristics(0)
            .subsystem(0xfffe)
            .imageVersion(0xffff, 1)
            .imageBase(-1)
            .sectionAlignment(0)
            .fileAlignment(0)
            .entryPoint(0xffff_ffffL)
            .sizeOfImage(1)
            .sizeOfHeaders(2)
            .directoryCount(5)
            .directory(4, 0x12, 0x34)
            .section(odd, TEXT)
            .write();
    PeHeader pe = PeHeader.parse(ByteView.of(file), 0x80);
    assertThat(pe.machine()).isEqualTo(0x1234);
    assertThat(pe.characteristics()).isEqualTo(0xffff);
    assertThat(pe.dllCharacteristics()).isZero();
    assertThat(pe.subsystem()).isEqualTo(0xfffe);
    assertThat(pe.majorImageVersion()).isEqualTo(0xffff);
    assertThat(pe.minorImageVersion()).isEqualTo(1);
    assertThat(pe.imageBase()).isEqualTo(-1);
    assertThat(pe.sectionAlignment()).isZero();
    assertThat(pe.fileAlignment()).isZero();
    assertThat(pe.addressOfEntryPoint()).isEqualTo(0xffff_ffffL);
    assertThat(pe.sizeOfImage()).isEqualTo(1);
    assertThat(pe.sizeOfHeaders()).isEqualTo(2);
    assertThat(pe.certificateTable()).contains(new PeHeader.CertificateTable(0x12, 0x34));
    assertThat(pe.sections()).containsExactly(odd);
    assertThat(ByteView.of(file).from(file.length - 3)).isEqualTo(TEXT);
  }

  @Test
  void headersMayTakeMoreRoomThanTheyNeed() {
    byte[] file =
        new PeWriter(PeMachine.RISCV64)
            .sizeOfHeaders(0x1000)
            .section(".text", 0x1000, TEXT, CODE)
            .write();
    PeHeader pe = PeHeader.parse(ByteView.of(file), 0x40);
    assertThat(pe.sizeOfHeaders()).isEqualTo(0x1000);
    assertThat(pe.sections().get(0).rawOffset()).isEqualTo(0x1000);
    assertThat(pe.sections().get(0).in(ByteView.of(file))).isEqualTo(TEXT);
  }

  @Test
  void whatCannotBeWrittenIsTheCallersMistake() {
    assertThatThrownBy(() -> new PeWriter(1).section("123456789", 0, TEXT, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PeWriter(1).front(ByteView.of(new byte[0x3f])))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
