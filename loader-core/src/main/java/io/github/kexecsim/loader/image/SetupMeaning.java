package io.github.kexecsim.loader.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the values of the setup header's fields say ({@code Documentation/arch/x86/boot.rst}; the
 * numbers are those of {@code arch/x86/include/uapi/asm/bootparam.h}, v6.1).
 */
final class SetupMeaning {
  private static final List<String> LOADFLAGS =
      List.of(
          "LOADED_HIGH", "KASLR_FLAG", "", "", "", "QUIET_FLAG", "KEEP_SEGMENTS", "CAN_USE_HEAP");

  private static final List<String> XLOADFLAGS =
      List.of(
          "XLF_KERNEL_64",
          "XLF_CAN_BE_LOADED_ABOVE_4G",
          "XLF_EFI_HANDOVER_32",
          "XLF_EFI_HANDOVER_64",
          "XLF_EFI_KEXEC",
          "XLF_5LEVEL",
          "XLF_5LEVEL_ENABLED");

  /** By the assigned number; an empty name is none that was ever assigned. */
  private static final List<String> LOADERS =
      List.of(
          "LILO, or none yet",
          "Loadlin",
          "bootsect-loader",
          "Syslinux",
          "Etherboot, gPXE or iPXE",
          "ELILO",
          "",
          "GRUB",
          "U-Boot",
          "Xen",
          "Gujin",
          "QEMU",
          "Arcturus Networks uCbootloader",
          "kexec-tools",
          "",
          "special",
          "",
          "Minimal Linux Bootloader",
          "OVMF",
          "barebox");

  private static final List<String> SUBARCHES =
      List.of("an ordinary PC", "lguest", "Xen", "Intel MID", "CE4100");

  private SetupMeaning() {}

  /** What {@code value} says as the value of {@code field}, or what the field is for. */
  static String of(SetupField field, long value, BzImage image) {
    return switch (field) {
      case VERSION -> (value >>> 8) + "." + String.format(Locale.ROOT, "%02d", value & 0xff);
      case SETUP_SECTS, JUMP -> field.meaning();
      case ROOT_FLAGS -> (value == 0 ? "root mounted read-write" : "root mounted read-only");
      case SYSSIZE -> String.format("0x%x bytes of 32-bit code, in 16-byte units", value << 4);
      case VID_MODE -> videoMode((int) value);
      case TYPE_OF_LOADER -> loader((int) value, image);
      case EXT_LOADER_VER, EXT_LOADER_TYPE ->
          image.value(SetupField.TYPE_OF_LOADER).orElse(0) >> 4 == 0xe
              ? field.meaning()
              : field.meaning() + "; for extended loader types only";
      case LOADFLAGS -> flags(value, LOADFLAGS);
      case XLOADFLAGS -> flags(value, XLOADFLAGS);
      case RELOCATABLE_KERNEL -> value == 0 ? "runs at its own address only" : "runs anywhere";
      case MIN_ALIGNMENT ->
          value < 63 ? String.format("0x%x bytes at least", 1L << value) : "not a power of two";
      case HARDWARE_SUBARCH ->
          value < SUBARCHES.size() ? SUBARCHES.get((int) value) : "not assigned";
      case SETUP_DATA -> value == 0 ? "no list of setup_data" : "list of setup_data begins here";
      case HANDOVER_OFFSET -> value == 0 ? "no EFI handover entry" : field.meaning();
      case KERNEL_INFO_OFFSET -> value == 0 ? "no kernel_info" : field.meaning();
      default -> field.meaning();
    };
  }

  private static String videoMode(int mode) {
    return switch (mode) {
      case 0xffff -> "normal";
      case 0xfffe -> "ext";
      case 0xfffd -> "ask";
      default -> "mode by the menu's number";
    };
  }

  /** The upper four bits are the loader, the lower ones its version; 14 leads to two bytes more. */
  private static String loader(int value, BzImage image) {
    if (value == 0xff) {
      return "a loader without a number";
    }
    int id = value >> 4;
    if (id == 0xe) {
      id = 0x10 + (int) image.value(SetupField.EXT_LOADER_TYPE).orElse(0);
    }
    String name = id < LOADERS.size() ? LOADERS.get(id) : "";
    return name.isEmpty() ? "not assigned" : name;
  }

  private static String flags(long value, List<String> names) {
    List<String> set = new ArrayList<>();
    for (int bit = 0; bit < names.size(); bit++) {
      if ((value >> bit & 1) != 0 && !names.get(bit).isEmpty()) {
        set.add(names.get(bit));
      }
    }
    return String.join(" ", set);
  }
}
