package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Objects;
import java.util.Optional;

/**
 * What a person gives, which goes before what the UKI has.
 *
 * @param initrd in the stead of the UKI's {@code .ucode} and {@code .initrd}
 * @param commandLine in the stead of its {@code .cmdline}; the empty one too
 * @param deviceTree whether the machine's device tree was given, so that no other takes its place
 */
public record Given(Optional<ByteView> initrd, Optional<String> commandLine, boolean deviceTree) {
  /** Nothing is given: what the UKI has counts. */
  public static final Given NOTHING = new Given(Optional.empty(), Optional.empty(), false);

  public Given {
    Objects.requireNonNull(initrd);
    Objects.requireNonNull(commandLine);
  }
}
