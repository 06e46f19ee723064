package io.github.kexecsim.loader.place;

import java.util.Arrays;
import java.util.Optional;

/** The courses by which a kernel image gets loaded. */
public enum Strategy {
  /** kexec_file_load takes the file, and the kernel unwraps it. */
  KERNEL("kernel"),
  /** kexec-tools unwraps the file, and kexec_load takes what is inside. */
  USER("user"),
  /** The image is placed whole, and its EFI stub unwraps it against emulated boot services. */
  EMULATED_EFI("emulated-efi"),
  /** Not kexec at all: firmware's LoadImage maps the file as the EFI application that it is. */
  FIRMWARE("firmware");

  private final String label;

  Strategy(String label) {
    this.label = label;
  }

  /** The name on the command line and in JSON. */
  public String label() {
    return label;
  }

  /** Finds a strategy by its label. */
  public static Optional<Strategy> byLabel(String label) {
    return Arrays.stream(values()).filter(strategy -> strategy.label.equals(label)).findFirst();
  }

  @Override
  public String toString() {
    return label;
  }
}
