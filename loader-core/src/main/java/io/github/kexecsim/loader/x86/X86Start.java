package io.github.kexecsim.loader.x86;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is decided between the hand-over and the kernel proper of x86_64.
 *
 * @param paging with how many levels of page tables it runs
 * @param draw the random numbers that are drawn for it
 * @param codeRegions what must be executable; empty where the image has a decompressor of its own
 * @param place where it was put at random or not; empty where its own decompressor decides
 * @param payloadStart where that decompressor moves its payload, from the start of the memory that
 *     it unpacks to; empty where the image does not tell, or has none
 */
public record X86Start(
    Paging5 paging,
    KaslrDraw draw,
    List<CodeRegion> codeRegions,
    Optional<KaslrPlace> place,
    OptionalLong payloadStart) {
  public X86Start {
    Objects.requireNonNull(paging);
    Objects.requireNonNull(draw);
    Objects.requireNonNull(place);
    Objects.requireNonNull(payloadStart);
    codeRegions = List.copyOf(codeRegions);
  }

  /** Of a kernel with a decompressor. */
  public static X86Start ofDecompressor(Paging5 paging, KaslrDraw draw, OptionalLong payloadStart) {
    return new X86Start(paging, draw, List.of(), Optional.empty(), payloadStart);
  }

  /** Of a kernel without one, which was put somewhere. */
  public static X86Start ofRawImage(
      Paging5 paging, KaslrDraw draw, List<CodeRegion> codeRegions, KaslrPlace place) {
    return new X86Start(paging, draw, codeRegions, Optional.of(place), OptionalLong.empty());
  }
}
