package io.github.kexecsim.loader.kaslr;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where the next kernel may end up after its own randomisation, and what it may hit there. A
 * kernel's place is one thing, the addresses at which it is mapped another: on some architectures
 * both are random, on some only the latter.
 *
 * @param physical where in memory it may run
 * @param virtual where it may be mapped
 * @param neighbours what lies in memory that it should not hit, in the order of the segments, then
 *     of addresses
 * @param assumptions what this rests on that neither the image nor the machine tells, for people
 */
public record KaslrOutlook(
    PhysicalKaslr physical,
    VirtualKaslr virtual,
    List<Neighbour> neighbours,
    List<String> assumptions) {
  /** How many hits a warning names. */
  private static final int MOST_NAMED = 3;

  public KaslrOutlook {
    Objects.requireNonNull(physical);
    Objects.requireNonNull(virtual);
    neighbours = List.copyOf(neighbours);
    assumptions = List.copyOf(assumptions);
  }

  /** Whether anything is random at all. */
  public boolean isRandomised() {
    return physical.cause().isRandomised() || virtual.cause().isRandomised();
  }

  /** What can be hit. */
  public List<Neighbour> hits() {
    return neighbours.stream().filter(Neighbour::canBeHit).toList();
  }

  /** Whether the load is good only as long as the next kernel stays where it was placed. */
  public boolean isSafeOnlyWithoutKaslr() {
    return !hits().isEmpty();
  }

  /** The same as a warning for people; empty where nothing can be hit. */
  public Optional<String> hazard() {
    List<Neighbour> hits = hits();
    if (hits.isEmpty()) {
      return Optional.empty();
    }
    String what =
        hits.stream()
            .map(hit -> hit.what() + " at " + hit.range())
            .limit(MOST_NAMED)
            .collect(Collectors.joining(", "));
    int more = hits.size() - MOST_NAMED;
    return Optional.of(
        "safe only without KASLR: the next kernel may move onto "
            + what
            + (more > 0 ? " and " + more + " more" : "")
            + "; nokaslr on its command line keeps it in place");
  }
}
