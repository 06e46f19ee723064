package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Locale;

/**
 * The fields of x86's real-mode setup header through protocol 2.15, by the names of {@code
 * Documentation/arch/x86/boot.rst}, at their offsets in the file.
 */
public enum SetupField {
  SETUP_SECTS(0x1f1, 1, 0, "512-byte sectors of setup; 0 means 4"),
  ROOT_FLAGS(0x1f2, 2, 0, "whether root is mounted read-only"),
  SYSSIZE(0x1f4, 4, 0, "32-bit code in 16-byte units"),
  RAM_SIZE(0x1f8, 2, 0, "obsolete"),
  VID_MODE(0x1fa, 2, 0, "video mode"),
  ROOT_DEV(0x1fc, 2, 0, "default root device, major and minor; obsolete"),
  BOOT_FLAG(0x1fe, 2, 0, "end of a boot sector"),
  JUMP(0x200, 2, 0x200, "its second byte ends the header, from 0x202"),
  HEADER(0x202, 4, 0x200, "HdrS"),
  VERSION(0x206, 2, 0x200, "boot protocol"),
  REALMODE_SWTCH(0x208, 4, 0x200, "hook of 16-bit loaders before protected mode"),
  START_SYS_SEG(0x20c, 2, 0x200, "load segment; obsolete"),
  KERNEL_VERSION(0x20e, 2, 0x200, "offset of the version text, less 0x200"),
  TYPE_OF_LOADER(0x210, 1, 0x200, "which loader loaded it"),
  LOADFLAGS(0x211, 1, 0x200, "bits of boot protocol options"),
  SETUP_MOVE_SIZE(0x212, 2, 0x200, "bytes that setup moves to 0x90000 before 2.02"),
  CODE32_START(0x214, 4, 0x200, "where setup jumps to in protected mode"),
  RAMDISK_IMAGE(0x218, 4, 0x200, "initrd's address, from the loader"),
  RAMDISK_SIZE(0x21c, 4, 0x200, "initrd's bytes, from the loader"),
  BOOTSECT_KLUDGE(0x220, 4, 0x200, "obsolete"),
  HEAP_END_PTR(0x224, 2, 0x201, "end of setup's heap and stack, less 0x200"),
  EXT_LOADER_VER(0x226, 1, 0x202, "upper bits of the loader's version"),
  EXT_LOADER_TYPE(0x227, 1, 0x202, "loader's number, less 0x10"),
  CMD_LINE_PTR(0x228, 4, 0x202, "command line's address, from the loader"),
  INITRD_ADDR_MAX(0x22c, 4, 0x203, "highest address of an initrd's last byte"),
  KERNEL_ALIGNMENT(0x230, 4, 0x205, "bytes; load addresses are multiples of it"),
  RELOCATABLE_KERNEL(0x234, 1, 0x205, "whether it runs at any aligned address"),
  MIN_ALIGNMENT(0x235, 1, 0x20a, "power of two"),
  XLOADFLAGS(0x236, 2, 0x20c, "bits of further options"),
  CMDLINE_SIZE(0x238, 4, 0x206, "longest command line, without its NUL"),
  HARDWARE_SUBARCH(0x23c, 4, 0x207, "which paravirtual platform"),
  HARDWARE_SUBARCH_DATA(0x240, 8, 0x207, "for the subarchitecture"),
  PAYLOAD_OFFSET(0x248, 4, 0x208, "from the end of setup"),
  PAYLOAD_LENGTH(0x24c, 4, 0x208, "with the size word at its end"),
  SETUP_DATA(0x250, 8, 0x209, "address of a list, from the loader"),
  PREF_ADDRESS(0x258, 8, 0x20a, "preferred load address"),
  INIT_SIZE(0x260, 4, 0x20a, "bytes that must be free to start the kernel in"),
  HANDOVER_OFFSET(0x264, 4, 0x20b, "from the end of setup to the EFI handover entry"),
  KERNEL_INFO_OFFSET(0x268, 4, 0x20f, "from the end of setup to kernel_info");

  private final int offset;
  private final int size;
  private final int since;
  private final String meaning;

  SetupField(int offset, int size, int since, String meaning) {
    this.offset = offset;
    this.size = size;
    this.since = since;
    this.meaning = meaning;
  }

  /** Where it stands in the file. */
  public int offset() {
    return offset;
  }

  /** 1, 2, 4 or 8 bytes. */
  public int size() {
    return size;
  }

  /** The protocol version that brought it, as {@code 0x20c} for 2.12; 0 for one before 2.00. */
  public int since() {
    return since;
  }

  /** The name in boot.rst. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What the field is for. */
  public String meaning() {
    return meaning;
  }

  /** The value in a file's first bytes; 8-byte fields as raw bits. */
  long in(ByteView head) {
    return switch (size) {
      case 1 -> head.u8(offset);
      case 2 -> head.u16le(offset);
      case 4 -> head.u32le(offset);
      default -> head.u64le(offset);
    };
  }

  /** How many of a file's first bytes hold all fields of a protocol version. */
  static int endOf(int version) {
    int end = 0;
    for (SetupField field : values()) {
      if (field.since <= version) {
        end = Math.max(end, field.offset + field.size);
      }
    }
    return end;
  }
}
