package io.github.kexecsim.cli;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * An axis of a chart: which values have a tick, and where a value lies.
 *
 * @param ticks round values in ascending order, the first and the last at the ends of the axis; at
 *     least two
 * @param measure what distances on the axis are proportional to
 * @param from the coordinate of the first tick
 * @param to the coordinate of the last
 */
record ChartScale(List<Double> ticks, DoubleUnaryOperator measure, double from, double to) {
  private static final int[] ROUND = {1, 2, 5};
  private static final int MOST_STEPS = 6;

  ChartScale {
    ticks = List.copyOf(ticks);
  }

  /** Equal steps that take in {@code least} and {@code most}, and some room around them. */
  static ChartScale linear(double least, double most, double from, double to) {
    double room = Math.max((most - least) / 10, most / 50);
    double low = Math.max(0, least - room);
    double high = most + room;
    int rank = rankBelow((high - low) / MOST_STEPS) + 1;
    double step = round(rank);
    List<Double> ticks = new ArrayList<>();
    long first = (long) Math.floor(low / step);
    long last = (long) Math.ceil(high / step);
    for (long i = first; i <= last; i++) {
      ticks.add(i * step);
    }
    return new ChartScale(ticks, value -> value, from, to);
  }

  /** Ticks at 1, 2, 5, 10 and so on, from below {@code least}, which is above 0, to above it. */
  static ChartScale logarithmic(double least, double most, double from, double to) {
    List<Double> ticks = new ArrayList<>();
    int last = rankBelow(most) + 1;
    for (int rank = rankBelow(least); rank <= last; rank++) {
      ticks.add(round(rank));
    }
    return new ChartScale(ticks, Math::log, from, to);
  }

  /** The round numbers by rank: 0 is 1, 1 is 2, 2 is 5, 3 is 10, and -1 is 0.5. */
  private static double round(int rank) {
    return ROUND[Math.floorMod(rank, ROUND.length)]
        * Math.pow(10, Math.floorDiv(rank, ROUND.length));
  }

  /** The rank of the largest round number that is not above {@code value}. */
  private static int rankBelow(double value) {
    int rank = ROUND.length * (int) Math.floor(Math.log10(value)) - 1;
    while (round(rank + 1) <= value) {
      rank++;
    }
    return rank;
  }

  /** The coordinate of a value. */
  double place(double value) {
    double first = measure.applyAsDouble(ticks.get(0));
    double last = measure.applyAsDouble(ticks.get(ticks.size() - 1));
    return from + (to - from) * (measure.applyAsDouble(value) - first) / (last - first);
  }

  /** A tick in digits, without what binary fractions add. */
  static String label(double tick) {
    return BigDecimal.valueOf(Math.round(tick * 1e6), 6).stripTrailingZeros().toPlainString();
  }
}
