package io.github.kexecsim.loader.x86;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What is decided between the hand-over and the kernel proper of x86_64.
 *
 * @param paging with how many levels of page tables it runs
 * @param codeRegions what must be executable; empty where the image has a decompressor of its own
 * @param place where it was put at random or not; empty where its own decompressor decides
 */
public record X86Start(Paging5 paging, List<CodeRegion> codeRegions, Optional<KaslrPlace> place) {
  public X86Start {
    Objects.requireNonNull(paging);
    Objects.requireNonNull(place);
    codeRegions = List.copyOf(codeRegions);
  }
}
