package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.E820Entry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * The boot_params segment of x86_64: the zero page, the command line, room for the EFI runtime map,
 * and setup_data for EFI and for the random seed, one behind the other ({@code
 * arch/x86/kernel/kexec-bzimage64.c, bzImage64_load}, v6.1). Offsets are those of {@code
 * Documentation/arch/x86/zero-page.rst} and {@code boot.rst}.
 *
 * <p>Left zero, as only the running kernel knows it: the screen, the ACPI root pointer, EDD data
 * and the EFI runtime map.
 */
final class BootParams {
  private static final int ZERO_PAGE = 4096;
  private static final int SETUP_DATA = 16;
  private static final int EFI_SETUP_DATA = 96;
  private static final int RNG_SEED = 32;
  private static final int SETUP_RNG_SEED = 9;
  private static final int SETUP_HEADER = 0x1f1;
  private static final int E820_TABLE = 0x2d0;
  private static final long MIB = 1 << 20;

  /** {@code E820_MAX_ENTRIES_ZEROPAGE}. */
  private static final int MAX_E820_ENTRIES = 128;

  private final ByteView header;
  private final KexecSegment place;
  private final String commandLine;
  private final Optional<KexecSegment> initrd;
  private final List<E820Entry> e820;
  private final long seed;

  /**
   * The parameters of a placed load.
   *
   * @param header the bzImage's first bytes
   * @param place where the segment lies
   * @param commandLine what the next kernel is told
   */
  BootParams(
      ByteView header,
      KexecSegment place,
      String commandLine,
      Optional<KexecSegment> initrd,
      List<E820Entry> e820,
      long seed) {
    this.header = header;
    this.place = place;
    this.commandLine = commandLine;
    this.initrd = initrd;
    this.e820 = e820;
    this.seed = seed;
  }

  /**
   * The segment's bufsz.
   *
   * @param commandLineLength with its NUL
   * @param efiMapSize the size of the EFI runtime map
   */
  static long size(int commandLineLength, long efiMapSize) {
    return Alignment.up(ZERO_PAGE + commandLineLength + X86Placement.ELFCOREHDR_RESERVE, 16)
        + Alignment.up(efiMapSize, 16)
        + SETUP_DATA
        + EFI_SETUP_DATA
        + SETUP_DATA
        + RNG_SEED;
  }

  /** As much of a memory table as the zero page takes: {@code setup_e820_entries} (v6.1). */
  static List<E820Entry> handedOver(List<E820Entry> table) {
    return table.subList(0, Math.min(table.size(), MAX_E820_ENTRIES));
  }

  ByteView bytes() {
    ByteBuffer out = ByteBuffer.allocate((int) place.bufsz()).order(ByteOrder.LITTLE_ENDIAN);
    copySetupHeader(out);
    out.put(ZERO_PAGE, CommandLines.bytes(commandLine));
    putSplit(out, 0x228, 0xc8, place.mem() + ZERO_PAGE);
    if (initrd.isPresent()) {
      putSplit(out, 0x218, 0xc0, initrd.get().mem());
      putSplit(out, 0x21c, 0xc4, initrd.get().bufsz());
    }
    out.put(0x210, (byte) 0xd0); // type_of_loader: kexec
    out.put(0x211, (byte) 0); // loadflags
    putE820(out);
    int rngSeed = (int) place.bufsz() - RNG_SEED - SETUP_DATA;
    out.putInt(rngSeed + 8, SETUP_RNG_SEED);
    out.putInt(rngSeed + 12, RNG_SEED);
    Random random = new Random(seed);
    for (int i = 0; i < RNG_SEED; i += 8) {
      out.putLong(rngSeed + SETUP_DATA + i, random.nextLong());
    }
    out.putLong(0x250, place.mem() + rngSeed);
    return ByteView.of(out.array());
  }

  /** From 0x1f1 up to where the byte at 0x201 says that the header ends. */
  private void copySetupHeader(ByteBuffer out) {
    int length = 0x202 + header.u8(0x201) - SETUP_HEADER;
    header.slice(SETUP_HEADER, length).copyTo(0, out.array(), SETUP_HEADER, length);
  }

  private static void putSplit(ByteBuffer out, int lowAt, int highAt, long value) {
    out.putInt(lowAt, (int) value);
    out.putInt(highAt, (int) (value >>> 32));
  }

  private void putE820(ByteBuffer out) {
    out.put(0x1e8, (byte) e820.size());
    int at = E820_TABLE;
    for (E820Entry entry : e820) {
      putSizeAboveFirstMib(out, entry);
      out.putLong(at, entry.range().start());
      out.putLong(at + 8, entry.range().size());
      out.putInt(at + 16, (int) entry.type());
      at += 20;
    }
  }

  /** What the BIOS calls 88h and E801h would tell: ext_mem_k of the screen and alt_mem_k. */
  private static void putSizeAboveFirstMib(ByteBuffer out, E820Entry entry) {
    long last = entry.range().end() - 1;
    if (entry.type() == E820Entry.RAM && entry.range().start() <= MIB && last > MIB) {
      long kib = (last >> 10) - (MIB >> 10);
      out.putShort(0x02, (short) Math.min(kib, 0xfc00));
      out.putInt(0x1e0, (int) Math.min(kib, 0xffff_ffffL));
    }
  }
}
