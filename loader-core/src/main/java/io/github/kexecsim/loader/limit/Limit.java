package io.github.kexecsim.loader.limit;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Locale;

/** What is bounded, each with its bounds and with the name that its option has. */
public enum Limit {
  /** The size of an input file. */
  FILE_SIZE("max-file", true, 1L << 30, 0, Constants.LARGEST_ARRAY, "Read no file that is larger."),
  /**
   * What comes out of all layers of an image together. One payload may besides bring no more than
   * its header declares. It also bounds what an image is laid out to in memory: the zeros behind
   * it, and the image that firmware's LoadImage maps.
   */
  DECOMPRESSED(
      "max-decompressed",
      true,
      512L << 20,
      0,
      Constants.LARGEST_ARRAY,
      "Let no more than this come out of all layers together."),
  /** The images nested in each other, the file itself counted. */
  LAYERS("max-depth", false, 8, 1, 1000, "Take off no more layers than this."),
  /** The sections of a PE file, and the segments or sections of an ELF file. */
  SECTIONS(
      "max-sections",
      false,
      1 << 16,
      1,
      1 << 16,
      "Read no more sections of a PE or ELF file, or ELF segments."),
  /** The lines of a text that describes memory, such as /proc/iomem; each has at most one range. */
  RANGES(
      "max-ranges",
      false,
      100_000,
      0,
      10_000_000,
      "Read no more lines of a description of memory."),
  /** The size of a device tree: its totalsize, or what a recording's unpacks to. */
  DEVICE_TREE_SIZE("max-dtb", true, 1 << 24, 1, 1 << 30, "Read no device tree that is larger."),
  /** The nodes of a device tree within one another, the root being one; the kernel takes 64. */
  DEVICE_TREE_DEPTH(
      "max-dtb-depth", false, 64, 1, 512, "Read no device tree with nodes nested deeper."),
  /** The nodes of a device tree. */
  DEVICE_TREE_NODES(
      "max-dtb-nodes", false, 1 << 16, 1, 1 << 24, "Read no more nodes of a device tree."),
  /** The properties of a device tree, of all nodes together. */
  DEVICE_TREE_PROPERTIES(
      "max-dtb-properties",
      false,
      1 << 19,
      0,
      1 << 26,
      "Read no more properties of a device tree."),
  /** The length in bytes of the name of a device tree's property: many may share a long one. */
  DEVICE_TREE_NAME(
      "max-dtb-name",
      true,
      255,
      1,
      1 << 16,
      "Read no property of a device tree with a longer name."),
  /** The pages that the segments of a load take altogether: 64 GiB in pages of 4 KiB. */
  PAGES("max-pages", false, 1 << 24, 1, 1 << 29, "Relocate no more pages of a load than this.");

  private final String option;
  private final boolean inBytes;
  private final long byDefault;
  private final long least;
  private final long most;
  private final String help;

  Limit(String option, boolean inBytes, long byDefault, long least, long most, String help) {
    this.option = option;
    this.inBytes = inBytes;
    this.byDefault = byDefault;
    this.least = least;
    this.most = most;
    this.help = help;
  }

  /** An enum's constants are made before its own static fields. */
  private static final class Constants {
    /** Some virtual machines cannot make longer arrays. */
    static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;
  }

  /** The option of the command line that sets it, without dashes. */
  public String option() {
    return option;
  }

  /** Whether it counts bytes, not things. */
  public boolean isInBytes() {
    return inBytes;
  }

  /** What it is unless set. */
  public long byDefault() {
    return byDefault;
  }

  /** The smallest value that it can be set to. */
  public long least() {
    return least;
  }

  /** The largest value that it can be set to. */
  public long most() {
    return most;
  }

  /** What it does, in a sentence. */
  public String help() {
    return help;
  }

  /**
   * The refusal of input that says how much of this it has.
   *
   * @param what of which input, and where
   * @param found how much it has, taken as unsigned
   * @param allowed the limit, or what is left of it
   */
  public KexecException exceeded(String what, long found, long allowed) {
    boolean settable = Long.compareUnsigned(found, most) <= 0;
    return exceeded(what + " is " + amount(found), allowed, settable, null);
  }

  /**
   * The refusal of input that has more of this than is allowed, where reading stopped.
   *
   * @param what of which input, and where
   * @param allowed the limit, or what is left of it
   * @param cause what stopped the reading, or null
   */
  public KexecException exceeded(String what, long allowed, KexecException cause) {
    return exceeded(what + " goes on", allowed, allowed < most, cause);
  }

  private KexecException exceeded(
      String found, long allowed, boolean settable, KexecException cause) {
    return new KexecException(
        Reason.LIMIT_EXCEEDED,
        Reason.LIMIT_EXCEEDED.errno(),
        found + ", and the limit is " + amount(allowed),
        settable
            ? "if the input is to be trusted, raise Limit." + name() + " (--" + option + ")"
            : "that is beyond every limit: the input is damaged",
        cause);
  }

  private String amount(long value) {
    return inBytes
        ? "0x" + Long.toHexString(value) + " bytes"
        : String.format(Locale.ROOT, "%d", value);
  }
}
