package io.github.kexecsim.model.efi;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The services that a Linux EFI stub calls, and where in their tables they stand (UEFI
 * Specification 2.10, 4.4 and 4.5, and the protocols of 12.4 and 37.5).
 */
public enum EfiService {
  ALLOCATE_PAGES(Table.BOOT, "AllocatePages", 40),
  FREE_PAGES(Table.BOOT, "FreePages", 48),
  GET_MEMORY_MAP(Table.BOOT, "GetMemoryMap", 56),
  ALLOCATE_POOL(Table.BOOT, "AllocatePool", 64),
  FREE_POOL(Table.BOOT, "FreePool", 72),
  HANDLE_PROTOCOL(Table.BOOT, "HandleProtocol", 152),
  LOCATE_HANDLE(Table.BOOT, "LocateHandle", 176),
  LOCATE_DEVICE_PATH(Table.BOOT, "LocateDevicePath", 184),
  INSTALL_CONFIGURATION_TABLE(Table.BOOT, "InstallConfigurationTable", 192),
  LOAD_IMAGE(Table.BOOT, "LoadImage", 200),
  START_IMAGE(Table.BOOT, "StartImage", 208),
  EXIT(Table.BOOT, "Exit", 216),
  UNLOAD_IMAGE(Table.BOOT, "UnloadImage", 224),
  EXIT_BOOT_SERVICES(Table.BOOT, "ExitBootServices", 232),
  LOCATE_PROTOCOL(Table.BOOT, "LocateProtocol", 320),
  INSTALL_PROTOCOLS(Table.BOOT, "InstallMultipleProtocolInterfaces", 328),
  UNINSTALL_PROTOCOLS(Table.BOOT, "UninstallMultipleProtocolInterfaces", 336),
  GET_VARIABLE(Table.RUNTIME, "GetVariable", 72),
  OUTPUT_STRING(Table.CONSOLE, "OutputString", 8),
  GET_RNG(Table.RNG, "GetRNG", 8);

  /** What leads to a service. */
  enum Table {
    BOOT,
    RUNTIME,
    CONSOLE,
    RNG
  }

  /**
   * The services without which nothing starts, and no others but the console: memory, the loaded
   * image, configuration tables, the exit.
   */
  public static final Set<EfiService> MINIMAL =
      Collections.unmodifiableSet(
          EnumSet.of(
              ALLOCATE_PAGES,
              FREE_PAGES,
              GET_MEMORY_MAP,
              ALLOCATE_POOL,
              FREE_POOL,
              HANDLE_PROTOCOL,
              INSTALL_CONFIGURATION_TABLE,
              EXIT_BOOT_SERVICES,
              OUTPUT_STRING));

  /** All of them but variables, which need the machine's firmware. */
  public static final Set<EfiService> WITHOUT_VARIABLES =
      Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(GET_VARIABLE)));

  private final Table table;
  private final String label;
  private final int offset;

  EfiService(Table table, String label, int offset) {
    this.table = table;
    this.label = label;
    this.offset = offset;
  }

  /** The specification's name. */
  public String label() {
    return label;
  }

  Table table() {
    return table;
  }

  /** Where in its table the pointer to it stands, in bytes. */
  int offset() {
    return offset;
  }

  @Override
  public String toString() {
    return label;
  }
}
