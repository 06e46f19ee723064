package io.github.kexecsim.model.kimage;

import java.util.Optional;

/**
 * One word of a kimage list: a physical page address and, in its low bits, what the page is for
 * ({@code include/linux/kexec.h, kimage_entry_t}).
 *
 * @param address a page's physical address; 0 for {@link Flag#DONE}
 * @param flag what the page is for
 */
public record KimageEntry(long address, Flag flag) {
  /** Where the pages that follow go, one behind the other. */
  public static final long DESTINATION = 1;

  /** The page that holds the next entries. */
  public static final long INDIRECTION = 2;

  /** The end of the list. */
  public static final long DONE = 4;

  /** A page to copy. */
  public static final long SOURCE = 8;

  /** The bits that are not an address: no page is smaller than 4 KiB. */
  private static final long LOW_BITS = 0xfff;

  /** What an entry's page is for. */
  public enum Flag {
    DESTINATION(KimageEntry.DESTINATION),
    INDIRECTION(KimageEntry.INDIRECTION),
    DONE(KimageEntry.DONE),
    SOURCE(KimageEntry.SOURCE);

    private final long bit;

    Flag(long bit) {
      this.bit = bit;
    }

    /** The flag's bit in the word. */
    public long bit() {
      return bit;
    }
  }

  public KimageEntry {
    if ((address & LOW_BITS) != 0) {
      throw new IllegalArgumentException(String.format("not a page address: 0x%x", address));
    }
  }

  /** The word as it stands in memory. */
  public long word() {
    return address | flag.bit();
  }

  /** Reads a word; empty where its low bits are not exactly one flag. */
  public static Optional<KimageEntry> ofWord(long word) {
    for (Flag flag : Flag.values()) {
      if ((word & LOW_BITS) == flag.bit()) {
        return Optional.of(new KimageEntry(word & ~LOW_BITS, flag));
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return String.format("%s 0x%x", flag, address);
  }
}
