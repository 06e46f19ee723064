package io.github.kexecsim.model.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.model.RandomLoads;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.sim.Outcome.Work;
import org.junit.jupiter.api.Test;

/** Whatever is loaded, and whichever pages the allocator hands out: it ends up in its place. */
class RandomRelocationTest {
  private static final int LOADS = 1000;

  @Test
  void everyLoadComesRightUnderEveryPageSource() {
    RandomLoads loads = new RandomLoads(20261);
    int run = 0;
    int refused = 0;
    long swapped = 0;
    long inPlace = 0;
    for (int i = 0; i < LOADS; i++) {
      RandomLoads.Load load = loads.next();
      for (PageSource source : RandomLoads.sources(i)) {
        RelocationPlan plan;
        try {
          plan = load.plan(source);
        } catch (KexecException e) {
          assertThat(e.reason()).as("%s under %s", load, source).isEqualTo(Reason.NO_MEMORY);
          refused++;
          continue;
        }
        Outcome outcome = Simulator.run(plan);
        assertThat(outcome.isSuccess()).as("%s under %s: %s", load, source, outcome).isTrue();
        checkWork(plan, outcome.work());
        run++;
        swapped += plan.kimage().swappedPages();
        inPlace += outcome.work().pagesInPlace();
      }
    }
    assertThat(run).isGreaterThan(LOADS * 4);
    assertThat(refused).isLessThan(LOADS / 2);
    assertThat(swapped).isGreaterThan(10_000);
    assertThat(inPlace).isGreaterThan(10_000);
  }

  private static void checkWork(RelocationPlan plan, Work work) {
    assertThat(work.entriesRead()).isEqualTo(plan.kimage().entries());
    assertThat(work.pagesCopied()).isEqualTo(plan.kimage().copiedPages());
    assertThat(work.pagesCopied() + work.pagesInPlace()).isEqualTo(plan.kimage().sourcePages());
    assertThat(plan.controlPages())
        .noneMatch(
            page -> plan.placed().segments().stream().anyMatch(s -> s.range().overlaps(page)));
    boolean walks =
        plan.machine().architecture() == Architecture.X86_64 || plan.identityMap().levels() > 0;
    assertThat(plan.identityMap().tables().isEmpty()).isEqualTo(!walks);
  }
}
