package io.github.kexecsim.cli;

import io.github.kexecsim.bench.BenchResult;
import io.github.kexecsim.loader.image.Layer;
import java.util.List;

/**
 * What {@code bench} found.
 *
 * @param image the file, or the synthetic kernel
 * @param layers its layers, outermost first
 * @param result the measurements on the innermost
 */
record BenchReport(InputFile image, List<Layer> layers, BenchResult result) {
  /** The name of what is measured where nothing is named. */
  static final String SYNTHETIC = "synthetic kernel";

  BenchReport {
    layers = List.copyOf(layers);
  }

  long kernelSize() {
    return result.sample().kernelSize();
  }

  /** The JVM that measured, for instance {@code OpenJDK 64-Bit Server VM 17.0.15+6, amd64}. */
  static String jvm() {
    return property("java.vm.name")
        + " "
        + property("java.vm.version")
        + ", "
        + property("os.arch");
  }

  static int processors() {
    return Runtime.getRuntime().availableProcessors();
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }
}
