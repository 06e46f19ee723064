package io.github.kexecsim.benchmark;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SyntheticKernel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The kernel that benchmarks work on.
 *
 * @param bytes the innermost image
 * @param architecture whose instructions it has, where a header tells
 */
record Kernel(ByteView bytes, Optional<Architecture> architecture) {
  private static final int SYNTHETIC_SIZE = 16 << 20;
  private static final int DIGEST_SHOWN = 8;

  /** The kernel in a file, or a synthetic one for the empty name. */
  static Kernel read(String file) throws IOException {
    byte[] bytes =
        file.isEmpty() ? SyntheticKernel.image(SYNTHETIC_SIZE) : Files.readAllBytes(Path.of(file));
    List<Layer> layers = Layers.of(ByteView.of(bytes), Limits.DEFAULT);
    Optional<Architecture> architecture =
        layers.stream()
            .flatMap(layer -> layer.image().architecture().stream())
            .reduce((outer, inner) -> inner);
    return new Kernel(layers.get(layers.size() - 1).bytes(), architecture);
  }

  /**
   * The kernel, compressed. Compressing by every method takes minutes, so payloads are kept in
   * {@code payloads/} beside the jar, and go with it when the module is cleaned.
   */
  byte[] compressed(Codec codec) throws IOException {
    Path directory = Files.createDirectories(buildDirectory().resolve("payloads"));
    Path kept = directory.resolve(digest() + "." + codec.payloadName());
    if (!Files.exists(kept)) {
      Path half = Files.createTempFile(directory, "new", "");
      Files.write(half, codec.compress(bytes, architecture));
      Files.move(half, kept, StandardCopyOption.ATOMIC_MOVE);
    }
    return Files.readAllBytes(kept);
  }

  /** Where the jar or the folder of classes stands. */
  private static Path buildDirectory() {
    try {
      return Path.of(Kernel.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private String digest() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.array(), bytes.arrayOffset(), bytes.size());
      return HexFormat.of().formatHex(digest.digest(), 0, DIGEST_SHOWN);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
