package io.github.kexecsim.cli;

import io.github.kexecsim.loader.machine.Architecture;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The machine that the command runs on.
 *
 * @param root where its /proc and /sys are
 * @param architecture its architecture, where it is one that is modelled
 */
record Host(Path root, Optional<Architecture> architecture) {
  static Host here() {
    return new Host(Path.of("/"), Architecture.byName(System.getProperty("os.arch", "")));
  }
}
