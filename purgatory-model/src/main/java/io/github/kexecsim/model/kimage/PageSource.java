package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In which order the running kernel's page allocator hands out its free pages. Nobody can know that
 * offline, so it is a choice, and what is planned must be right for every one.
 *
 * @param order the kind of order
 * @param seed what an order by chance is drawn from; others ignore it
 */
public record PageSource(Order order, long seed) {
  private static final Pattern LABEL = Pattern.compile("([a-z]+)(?::(\\d{1,18}))?");

  /** The lowest free page first. */
  public static final PageSource LOWEST_FIRST = new PageSource(Order.LOWEST, 0);

  /** The highest free page first. */
  public static final PageSource HIGHEST_FIRST = new PageSource(Order.HIGHEST, 0);

  /** A few pages elsewhere, then every destination in the order of their addresses. */
  public static final PageSource TRAILING = new PageSource(Order.TRAILING, 0);

  /** The kinds of order. */
  public enum Order {
    LOWEST {
      @Override
      List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed) {
        return List.of(Stretch.ascending(free));
      }
    },
    HIGHEST {
      @Override
      List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed) {
        return List.of(Stretch.descending(free));
      }
    },
    RANDOM {
      @Override
      List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed) {
        return List.of(Stretch.shuffled(free, seed));
      }
    },
    /**
     * Always on someone's destination while such pages are left. The first request thus takes them
     * all, and the kernel keeps them back until each one's turn comes.
     */
    ADVERSARIAL {
      @Override
      List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed) {
        return List.of(
            Stretch.shuffled(free.intersect(destinations), seed),
            Stretch.shuffled(free.subtract(destinations), seed));
      }
    },
    /**
     * The lowest pages elsewhere for the first requests, and then each destination just after a
     * source was found for it: every page is swapped, and the few pages elsewhere go round.
     */
    TRAILING {
      private static final int HEAD_START = 4;

      @Override
      List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed) {
        PhysRangeSet elsewhere = free.subtract(destinations);
        return List.of(
            Stretch.ascending(elsewhere).first(HEAD_START),
            Stretch.ascending(free.intersect(destinations)),
            Stretch.ascending(elsewhere));
      }
    };

    /** The order of single pages: stretch by stretch; a page that comes twice counts once. */
    abstract List<Stretch> pages(PhysRangeSet free, PhysRangeSet destinations, long seed);
  }

  /** An order by chance, the same for the same seed. */
  public static PageSource random(long seed) {
    return new PageSource(Order.RANDOM, seed);
  }

  /** Destinations first, by chance; then the rest. */
  public static PageSource adversarial(long seed) {
    return new PageSource(Order.ADVERSARIAL, seed);
  }

  /** Finds a source by its {@link #label()}: with a seed from 0 up where the order has one. */
  public static Optional<PageSource> byLabel(String label) {
    Matcher matcher = LABEL.matcher(label);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    for (Order order : Order.values()) {
      if (order.name().toLowerCase(Locale.ROOT).equals(matcher.group(1))
          && isSeeded(order) == (matcher.group(2) != null)) {
        long seed = isSeeded(order) ? Long.parseLong(matcher.group(2)) : 0;
        return Optional.of(new PageSource(order, seed));
      }
    }
    return Optional.empty();
  }

  private static boolean isSeeded(Order order) {
    return order == Order.RANDOM || order == Order.ADVERSARIAL;
  }

  /** The name on the command line and in JSON, such as {@code random:7}. */
  public String label() {
    String name = order.name().toLowerCase(Locale.ROOT);
    return isSeeded(order) ? name + ":" + seed : name;
  }

  @Override
  public String toString() {
    return label();
  }
}
