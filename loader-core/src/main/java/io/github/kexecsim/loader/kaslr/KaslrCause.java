package io.github.kexecsim.loader.kaslr;

import java.util.Locale;

/** Why a kernel moves itself at random, or does not. */
public enum KaslrCause {
  /** It does. */
  RANDOMISED,
  /** {@code nokaslr} is on its command line, where its parser finds it. */
  NOKASLR,
  /** It is handed no seed and its CPU has no random numbers. */
  NO_SEED,
  /** It was built without, or is from before its architecture had it. */
  NOT_BUILT_IN,
  /** It is not relocatable. */
  NOT_RELOCATABLE,
  /** Only code that runs before the kernel moves it (stub, decompressor), and is passed by here. */
  ENTERED_DIRECTLY,
  /** It sees that kexec_file_load placed it, and stays. */
  KEXEC_FILE,
  /** It stays because its command line speaks of hibernation. */
  HIBERNATION,
  /** It lies elsewhere than where it was linked for, and takes that for randomised already. */
  PLACED_ELSEWHERE,
  /** Its stub goes first to a place that it prefers, and that is free. */
  PREFERRED_PLACE,
  /** No place, or only one, remains within the bounds. */
  NO_PLACE;

  /** Whether the kernel moves itself. */
  public boolean isRandomised() {
    return this == RANDOMISED;
  }

  /** The name as JSON shows it: lower case, with hyphens. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
