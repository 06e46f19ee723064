package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.Optional;

/** Reads what nobody vouches for. */
final class Hostile {
  private static final Limits LIMITS =
      Limits.DEFAULT.with(Limit.LAYERS, 3).with(Limit.DECOMPRESSED, 1 << 20);

  private Hostile() {}

  /**
   * Parses and asks everything that can be asked; empty where that is refused. Whatever is thrown
   * that is not a {@link KexecException} goes to the test.
   */
  static Optional<KernelImage> parse(byte[] file) {
    ByteView view = ByteView.of(file);
    KernelImage image;
    try {
      image = ImageProbe.parse(view);
    } catch (KexecException e) {
      assertTold(e);
      return Optional.empty();
    }
    // What was parsed answers every question; only its payload may still be refused.
    for (Field field : image.fields(view)) {
      assertPrintable(field.value());
      assertPrintable(field.meaning());
    }
    for (Finding finding : image.findings(view)) {
      assertPrintable(finding.message());
      assertPrintable(finding.remedy());
    }
    image.architecture();
    image.imageSize();
    try {
      image.payload(view);
    } catch (KexecException e) {
      assertTold(e);
    }
    return Optional.of(image);
  }

  /** As {@link #parse}, with what is inside. */
  static void peel(byte[] file) {
    try {
      for (Layer layer : Layers.of(ByteView.of(file), LIMITS)) {
        layer.extent();
        layer.findings().forEach(finding -> assertPrintable(finding.message()));
      }
    } catch (KexecException e) {
      assertTold(e);
    }
  }

  private static void assertTold(KexecException e) {
    assertThat(e.getMessage().isEmpty()).isFalse();
    assertPrintable(e.getMessage());
    assertPrintable(e.hint());
  }

  /** A loop, since this is asked a million times. */
  private static void assertPrintable(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        throw new AssertionError("not printable at " + i + ": " + Field.printable(text));
      }
    }
  }
}
