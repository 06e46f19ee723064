package io.github.kexecsim.sample;

import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The files that {@link SampleImageWriter} puts beside the classes. */
final class SampleFile {
  private SampleFile() {}

  static String raw(Architecture architecture) {
    return "sample-" + architecture.label() + ".Image";
  }

  static String zboot(Architecture architecture) {
    return "sample-" + architecture.label() + ".zboot";
  }

  static String machine(Architecture architecture) {
    return "machine-" + architecture.label() + ".json";
  }

  static byte[] read(String name) {
    try (InputStream in = SampleFile.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing beside the classes: build them anew");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
