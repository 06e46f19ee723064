package io.github.kexecsim.loader.place;

import java.util.Locale;

/** A number of bytes in messages: exact for tools, and in MiB or KiB for people. */
final class Amount {
  private static final long KIB = 1 << 10;
  private static final long MIB = 1 << 20;

  private Amount() {}

  static String of(long bytes) {
    boolean large = bytes >= MIB;
    String human =
        String.format(Locale.ROOT, "%.1f", (double) bytes / (large ? MIB : KIB)).replace(".0", "");
    return String.format("0x%x bytes (%s %s)", bytes, human, large ? "MiB" : "KiB");
  }
}
