package io.github.kexecsim.loader.place;

/** What a kernel is loaded for: {@code image->type} of {@code include/linux/kexec.h}. */
public enum LoadType {
  /** The next kernel, started by {@code reboot(LINUX_REBOOT_CMD_KEXEC)}. */
  DEFAULT("default"),
  /** The crash kernel, started by a panic from the memory reserved for it. */
  CRASH("crash");

  private final String label;

  LoadType(String label) {
    this.label = label;
  }

  /** The name in JSON. */
  public String label() {
    return label;
  }
}
