package io.github.kexecsim.cli;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleKernels;
import java.util.Optional;

/** What is loaded where nothing is named. */
final class Samples {
  private Samples() {}

  /**
   * The sample zboot image of the architecture, of arm64 where none is named.
   *
   * @throws Failure with {@link ExitStatus#USAGE} for an architecture that has none
   */
  static InputFile image(Optional<Architecture> wanted) {
    Architecture architecture = wanted.orElse(Architecture.ARM64);
    if (!SampleKernels.exists(architecture)) {
      throw Failure.usage(
          "there is no built-in image for "
              + architecture
              + ", only for arm64 and riscv64; name one");
    }
    return new InputFile(SampleKernels.name(architecture), SampleKernels.zboot(architecture));
  }
}
