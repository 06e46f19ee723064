package io.github.kexecsim.cli;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleKernels;
import java.util.Optional;

/** What is loaded where nothing is named. */
final class Samples {
  private Samples() {}

  /** The sample zboot image of the architecture where there is one, else of arm64. */
  static InputFile image(Optional<Architecture> wanted) {
    Architecture architecture = wanted.filter(SampleKernels::exists).orElse(Architecture.ARM64);
    return new InputFile(SampleKernels.name(architecture), SampleKernels.zboot(architecture));
  }
}
