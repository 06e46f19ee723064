package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.mmu.Arm64FlatMap;
import io.github.kexecsim.model.mmu.PageTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The block of emulated EFI services as it lies in memory: the system table and what it leads to
 * (layouts of the UEFI Specification 2.10, 4.3 to 4.6, 9.1), the purgatory's symbols, a page of
 * entry points, the command line as load options, and the page tables of the 1:1 map.
 *
 * <p>The services' code is not modelled, its effect is: at each entry point stands a BRK whose
 * number tells which service it is.
 */
final class ServicesBlock {
  /** {@code EFI_SYSTEM_TABLE_SIGNATURE}: "IBI SYST". */
  static final long SYSTEM_TABLE_SIGNATURE = 0x5453_5953_2049_4249L;

  private static final long BOOT_SERVICES_SIGNATURE = 0x5652_4553_544f_4f42L;
  private static final long RUNTIME_SERVICES_SIGNATURE = 0x5652_4553_544e_5552L;

  /** 2.10 of the specification. */
  private static final int REVISION = 2 << 16 | 100;

  private static final int SYSTEM_TABLE = 0;
  private static final int SYSTEM_TABLE_SIZE = 120;
  private static final int CONFIGURATION = 0x80;
  private static final int BOOT_SERVICES = 0x200;
  private static final int BOOT_SERVICES_SIZE = 376;
  private static final int RUNTIME_SERVICES = 0x400;
  private static final int RUNTIME_SERVICES_SIZE = 136;
  private static final int LOADED_IMAGE = 0x500;
  private static final int CONSOLE = 0x580;
  private static final int CONSOLE_SIZE = 80;
  private static final int RNG = 0x600;
  private static final int RNG_SIZE = 16;
  private static final int SYMBOLS = 0x700;
  private static final int CODE = 0x1000;
  private static final int LOAD_OPTIONS = 0x2000;
  private static final int PAGE = 0x1000;

  private static final int TABLE_HEADER = 24;
  private static final int CONFIGURATION_ENTRY = 24;

  /** How many configuration tables there may be. */
  static final int MAX_CONFIGURATION = (BOOT_SERVICES - CONFIGURATION) / CONFIGURATION_ENTRY;

  private static final int ENTRY_SIZE = 16;

  /** The entry that answers EFI_UNSUPPORTED. */
  private static final int UNSUPPORTED_ENTRY = PAGE / ENTRY_SIZE - 1;

  /** {@code BRK #0}; the number stands in bits 20 to 5. */
  private static final int BRK = 0xd420_0000;

  private final long base;
  private final String loadOptions;

  ServicesBlock(long base, String loadOptions) {
    this.base = base;
    this.loadOptions = loadOptions;
  }

  /** How many bytes the block takes. */
  static long size(String loadOptions, PhysRange usable) {
    return LOAD_OPTIONS + loadOptionsRoom(loadOptions) + Arm64FlatMap.tablesSize(usable);
  }

  private static long loadOptionsRoom(String text) {
    return Alignment.up(loadOptionsSize(text), PAGE);
  }

  /** UTF-16 with its NUL; nothing at all for no command line. */
  private static int loadOptionsSize(String text) {
    return text.isEmpty() ? 0 : 2 * (text.length() + 1);
  }

  long systemTable() {
    return base + SYSTEM_TABLE;
  }

  /** Where in the system table the pointer to a table of services stands, and the table's place. */
  static int systemTableField(EfiService.Table table) {
    return switch (table) {
      case BOOT -> 96;
      case RUNTIME -> 88;
      case CONSOLE -> 64;
      case RNG -> throw new IllegalArgumentException("the RNG protocol is located, not pointed to");
    };
  }

  /** Where in the system table the number of configuration tables stands; the pointer follows. */
  static final int NUMBER_OF_TABLES = 104;

  long configuration(int index) {
    return base + CONFIGURATION + (long) index * CONFIGURATION_ENTRY;
  }

  long loadedImage() {
    return base + LOADED_IMAGE;
  }

  long rngProtocol() {
    return base + RNG;
  }

  /** Where the purgatory begins. */
  long entry() {
    return base + CODE;
  }

  long loadOptions() {
    return base + LOAD_OPTIONS;
  }

  Arm64FlatMap identityMap(PhysRange usable) {
    return Arm64FlatMap.of(usable, base + LOAD_OPTIONS + loadOptionsRoom(loadOptions));
  }

  /** The address that stands for a service in its table. */
  long entry(EfiService service) {
    return base + CODE + (1L + service.ordinal()) * ENTRY_SIZE;
  }

  /** The address that stands in the tables for what is not implemented. */
  long unsupportedEntry() {
    return base + CODE + (long) UNSUPPORTED_ENTRY * ENTRY_SIZE;
  }

  /** What the purgatory is told, by the symbols' names and in the order in which they stand. */
  Map<String, Long> symbols(PhysRange usable, long dtb, long stackTop, long kernelEntry) {
    Map<String, Long> symbols = new LinkedHashMap<>();
    symbols.put("dtb_addr", dtb);
    symbols.put("usable_mem_start", usable.start());
    symbols.put("usable_mem_size", usable.size());
    symbols.put("stack_top", stackTop);
    symbols.put("kernel_entry", kernelEntry);
    symbols.put("system_table", systemTable());
    symbols.put("ttbr0", identityMap(usable).registers().get("ttbr0_el1"));
    return Collections.unmodifiableMap(symbols);
  }

  /**
   * The block's bytes.
   *
   * @param usable what the 1:1 map maps
   * @param implemented the services that have an entry of their own
   * @param dtb the device tree's address
   * @param image where the EFI application lies
   * @param symbols the purgatory's, in the order in which they are written
   */
  ByteView bytes(
      PhysRange usable,
      Set<EfiService> implemented,
      long dtb,
      PhysRange image,
      Map<String, Long> symbols) {
    ByteBuffer out =
        ByteBuffer.allocate((int) size(loadOptions, usable)).order(ByteOrder.LITTLE_ENDIAN);
    putServices(out, EfiService.Table.BOOT, BOOT_SERVICES + TABLE_HEADER, BOOT_SERVICES_SIZE);
    putServices(
        out, EfiService.Table.RUNTIME, RUNTIME_SERVICES + TABLE_HEADER, RUNTIME_SERVICES_SIZE);
    putServices(out, EfiService.Table.CONSOLE, CONSOLE, CONSOLE_SIZE);
    putServices(out, EfiService.Table.RNG, RNG, RNG_SIZE);
    for (EfiService service : implemented) {
      out.putLong(tableOffset(service.table()) + service.offset(), entry(service));
    }
    putSystemTable(out);
    putHeader(out, BOOT_SERVICES, BOOT_SERVICES_SIGNATURE, BOOT_SERVICES_SIZE);
    putHeader(out, RUNTIME_SERVICES, RUNTIME_SERVICES_SIGNATURE, RUNTIME_SERVICES_SIZE);
    EfiGuid.DEVICE_TREE.bytes().copyTo(0, out.array(), CONFIGURATION, EfiGuid.SIZE);
    out.putLong(CONFIGURATION + EfiGuid.SIZE, dtb);
    putLoadedImage(out, image);
    int at = SYMBOLS;
    for (long value : symbols.values()) {
      out.putLong(at, value);
      at += Long.BYTES;
    }
    putCode(out);
    byte[] options = loadOptions.getBytes(StandardCharsets.UTF_16LE);
    out.put(LOAD_OPTIONS, options);
    for (PageTable table : identityMap(usable).tables()) {
      out.position((int) (table.address() - base));
      out.asLongBuffer().put(table.descriptors());
    }
    return ByteView.of(out.array());
  }

  private static int tableOffset(EfiService.Table table) {
    return switch (table) {
      case BOOT -> BOOT_SERVICES;
      case RUNTIME -> RUNTIME_SERVICES;
      case CONSOLE -> CONSOLE;
      case RNG -> RNG;
    };
  }

  private void putServices(ByteBuffer out, EfiService.Table table, int from, int size) {
    for (int at = from; at < tableOffset(table) + size; at += Long.BYTES) {
      out.putLong(at, unsupportedEntry());
    }
  }

  private void putSystemTable(ByteBuffer out) {
    out.putLong(systemTableField(EfiService.Table.CONSOLE), base + CONSOLE);
    out.putLong(systemTableField(EfiService.Table.RUNTIME), base + RUNTIME_SERVICES);
    out.putLong(systemTableField(EfiService.Table.BOOT), base + BOOT_SERVICES);
    out.putLong(NUMBER_OF_TABLES, 1);
    out.putLong(NUMBER_OF_TABLES + 8, base + CONFIGURATION);
    putHeader(out, SYSTEM_TABLE, SYSTEM_TABLE_SIGNATURE, SYSTEM_TABLE_SIZE);
  }

  /** The header comes last: its CRC is that of the whole table, itself counted as 0. */
  private static void putHeader(ByteBuffer out, int table, long signature, int size) {
    out.putLong(table, signature);
    out.putInt(table + 8, REVISION).putInt(table + 12, size);
    CRC32 crc = new CRC32();
    crc.update(out.array(), table, size);
    out.putInt(table + 16, (int) crc.getValue());
  }

  private void putLoadedImage(ByteBuffer out, PhysRange image) {
    byte[] protocol =
        loadedImage(systemTable(), loadOptions(), loadOptionsSize(loadOptions), image);
    out.put(LOADED_IMAGE, protocol);
  }

  /** {@code EFI_LOADED_IMAGE_PROTOCOL} of an image, without a device and a path. */
  static byte[] loadedImage(long systemTable, long options, int optionsSize, PhysRange image) {
    ByteBuffer out = ByteBuffer.allocate(96).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0, 0x1000).putLong(16, systemTable);
    out.putInt(48, optionsSize).putLong(56, optionsSize == 0 ? 0 : options);
    out.putLong(64, image.start()).putLong(72, image.size());
    out.putInt(80, (int) EfiMemoryType.LOADER_CODE.number());
    out.putInt(84, (int) EfiMemoryType.LOADER_DATA.number());
    return out.array();
  }

  private static void putCode(ByteBuffer out) {
    for (int i = 0; i < PAGE / ENTRY_SIZE; i++) {
      out.putInt(CODE + i * ENTRY_SIZE, BRK | i << 5);
    }
  }
}
