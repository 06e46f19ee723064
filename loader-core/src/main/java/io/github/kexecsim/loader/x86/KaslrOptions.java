package io.github.kexecsim.loader.x86;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a command line says of where the kernel may be placed, as the decompressor reads it ({@code
 * arch/x86/boot/compressed/kaslr.c, handle_mem_options}, v6.1).
 *
 * @param nokaslr whether it is to stay where it is
 * @param limit the address below which it must end, from {@code mem=} and {@code memmap=nn}; 0 to
 *     the limit given
 * @param avoided what {@code memmap=} and {@code efi_fake_mem=} keep free, 4 at most
 * @param tooManyRegions whether a list of {@code memmap=} has more than fits, which switches the
 *     choice off
 * @param gigabytePages how many pages of 1 GiB are kept free ({@code hugepagesz=1G hugepages=}); 64
 *     raw bits
 */
public record KaslrOptions(
    boolean nokaslr,
    long limit,
    List<AvoidedRegion> avoided,
    boolean tooManyRegions,
    long gigabytePages) {
  /** {@code MAX_MEMMAP_REGIONS}. */
  private static final int MAX_REGIONS = 4;

  private static final long GIB = 1L << 30;

  /** {@code EFI_MEMORY_SP}. */
  private static final long SPECIFIC_PURPOSE = 0x40000;

  public KaslrOptions {
    avoided = List.copyOf(avoided);
  }

  /**
   * Reads a command line.
   *
   * @param highest where physical memory ends for this kernel ({@code MAXMEM})
   */
  public static KaslrOptions of(String commandLine, long highest) {
    EarlyCommandLine line = new EarlyCommandLine(commandLine);
    Reading reading = new Reading(highest);
    for (EarlyCommandLine.Argument argument : line.arguments()) {
      if (!reading.takes(argument)) {
        break;
      }
    }
    return new KaslrOptions(
        line.has("nokaslr"),
        reading.limit,
        reading.avoided,
        reading.tooManyRegions,
        reading.gigabytePages);
  }

  /** What has been read so far. */
  private static final class Reading {
    private final List<AvoidedRegion> avoided = new ArrayList<>();
    private long limit;
    private boolean tooManyRegions;
    private boolean isGigabyteSize;
    private long gigabytePages;

    Reading(long limit) {
      this.limit = limit;
    }

    /** Takes an argument, or answers that this one ends the reading. */
    boolean takes(EarlyCommandLine.Argument argument) {
      String name = argument.name();
      if (name.equals("memmap")) {
        argument.value().ifPresent(value -> addRegions(value, false));
      } else if (name.contains("hugepages")) {
        argument.value().ifPresent(value -> hugePages(name, value));
      } else if (name.equals("mem")) {
        return memory(argument.value());
      } else if (name.equals("efi_fake_mem")) {
        argument.value().ifPresent(value -> addRegions(value, true));
      }
      return true;
    }

    /** {@code mem=nopentium} is another option; a size of 0 ends the reading. */
    private boolean memory(Optional<String> value) {
      if (value.isPresent() && value.get().equals("nopentium")) {
        return true;
      }
      long size = value.map(text -> MemoryNumber.withSuffix(text, 0).value()).orElse(0L);
      lower(size);
      return size != 0;
    }

    private void lower(long size) {
      if (size != 0 && Long.compareUnsigned(size, limit) < 0) {
        limit = size;
      }
    }

    private void hugePages(String name, String value) {
      if (name.equals("hugepagesz")) {
        isGigabyteSize = MemoryNumber.withSuffix(value, 0).value() == GIB;
      } else if (name.equals("hugepages") && isGigabyteSize) {
        gigabytePages = MemoryNumber.plain(value, 0).value();
      }
    }

    /**
     * {@code mem_avoid_memmap}: a list is given up at the first part that is no number. A fifth
     * region in a list switches the choice off; one in an option of its own is overlooked.
     */
    private void addRegions(String list, boolean efi) {
      if (avoided.size() >= MAX_REGIONS) {
        return;
      }
      String[] parts = list.split(",", -1);
      for (int i = 0; i < parts.length; i++) {
        if (avoided.size() >= MAX_REGIONS) {
          tooManyRegions = true;
          return;
        }
        Optional<AvoidedRegion> region = region(parts[i], efi);
        if (region.isEmpty()) {
          return;
        }
        if (region.get().start() == 0) {
          lower(region.get().size());
        } else {
          avoided.add(region.get());
        }
      }
    }

    /**
     * {@code parse_memmap}: {@code nn#ss}, {@code nn$ss} and {@code nn!ss} are kept free, {@code
     * nn@ss} is not, and all else that begins with a number is a limit.
     */
    private static Optional<AvoidedRegion> region(String part, boolean efi) {
      MemoryNumber size = MemoryNumber.withSuffix(part, 0);
      if (part.startsWith("exactmap") || size.end() == 0) {
        return Optional.empty();
      }
      char kind = size.end() < part.length() ? part.charAt(size.end()) : '\0';
      if (kind == '#' || kind == '$' || kind == '!') {
        long start = MemoryNumber.withSuffix(part, size.end() + 1).value();
        return Optional.of(new AvoidedRegion(start, size.value()));
      }
      if (kind != '@') {
        return Optional.of(new AvoidedRegion(0, size.value()));
      }
      if (efi) {
        MemoryNumber start = MemoryNumber.withSuffix(part, size.end() + 1);
        if (isSpecificPurpose(part, start.end())) {
          return Optional.of(new AvoidedRegion(start.value(), size.value()));
        }
      }
      return Optional.of(new AvoidedRegion(0, 0));
    }

    private static boolean isSpecificPurpose(String part, int colon) {
      if (colon >= part.length() || part.charAt(colon) != ':') {
        return false;
      }
      MemoryNumber flags = MemoryNumber.plain(part, colon + 1);
      boolean isWhole = flags.end() == part.length() && flags.end() > colon + 1;
      return isWhole && (flags.value() & SPECIFIC_PURPOSE) != 0;
    }
  }
}
