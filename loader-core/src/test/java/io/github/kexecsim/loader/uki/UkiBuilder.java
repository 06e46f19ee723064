package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.pe.PeWriter;
import java.nio.charset.StandardCharsets;

/** Makes UKIs and addons, section by section, each at the next free address unless told. */
public final class UkiBuilder {
  private static final long STEP = 0x1000;
  private static final long DATA = PeHeader.Section.INITIALIZED_DATA | PeHeader.Section.READ;
  private static final long CODE = PeHeader.Section.CODE | PeHeader.Section.EXECUTE;

  private final PeWriter writer;
  private long next = 0x10000;

  private UkiBuilder(PeMachine machine) {
    writer = new PeWriter(machine);
    at(".text", next, new byte[0x100], CODE | PeHeader.Section.READ);
  }

  /** A stub that does not say whose it is. */
  public static UkiBuilder of(PeMachine machine) {
    return new UkiBuilder(machine);
  }

  /** A stub that says which systemd it is of. */
  public UkiBuilder stub(String version) {
    return section(".sdmagic", "#### LoaderInfo: systemd-stub " + version + " ####");
  }

  public UkiBuilder section(String name, String text) {
    return section(name, text.getBytes(StandardCharsets.UTF_8));
  }

  public UkiBuilder section(String name, byte[] bytes) {
    return at(name, next, bytes);
  }

  /** A section at an address. */
  public UkiBuilder at(String name, long address, byte[] bytes) {
    return at(name, address, bytes, DATA);
  }

  private UkiBuilder at(String name, long address, byte[] bytes, long characteristics) {
    return row(name, address, bytes.length, bytes, characteristics);
  }

  /** A section whose size in memory is not that of its bytes. */
  public UkiBuilder sized(String name, long virtualSize, byte[] bytes) {
    return row(name, next, virtualSize, bytes, DATA);
  }

  private UkiBuilder row(
      String name, long address, long virtualSize, byte[] bytes, long characteristics) {
    writer.section(name, address, virtualSize, ByteView.of(bytes), characteristics);
    next = Math.max(next, (address + Math.max(virtualSize, 1) + STEP - 1) & -STEP);
    return this;
  }

  public byte[] build() {
    return writer.write();
  }

  public ByteView view() {
    return ByteView.of(build());
  }

  /** The file as an addon. */
  public Addon addon(String name) {
    return Addon.parse(name, view());
  }
}
