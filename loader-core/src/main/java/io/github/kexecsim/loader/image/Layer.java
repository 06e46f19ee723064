package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An image and where it came from.
 *
 * @param image its header
 * @param bytes its bytes, decompressed
 * @param stored where and how the layer around it holds it; empty for the outermost layer
 */
public record Layer(KernelImage image, ByteView bytes, Optional<Payload> stored) {
  public Layer {
    Objects.requireNonNull(image);
    Objects.requireNonNull(bytes);
    Objects.requireNonNull(stored);
  }

  /**
   * What is wrong or odd about its header, and about its PE header where it has one; usually
   * nothing.
   */
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>(image.findings(bytes));
    findings.addAll(image.peFindings(bytes));
    return findings;
  }

  /**
   * The same layer; of a UKI, started with another profile where one is chosen.
   *
   * @param profile as {@link UkiImage#withProfile} takes it
   * @throws KexecException {@link Reason#NO_SUCH_PROFILE}
   */
  public Layer withProfile(Optional<String> profile) {
    return profile.isPresent() && image instanceof UkiImage uki
        ? new Layer(uki.withProfile(profile.get(), bytes), bytes, stored)
        : this;
  }

  /** Its header's fields, and what they lead to. */
  public List<Field> fields() {
    return image.fields(bytes);
  }

  /** How many bytes it has, decompressed. */
  public int size() {
    return bytes.size();
  }

  /** Where it begins in the layer around it, 0 for the outermost. */
  public long offset() {
    return stored.map(Payload::offset).orElse(0L);
  }

  /**
   * Whether its bytes cover the memory that it takes; empty for a format that does not tell how
   * much that is.
   */
  public Optional<Extent> extent() {
    OptionalLong imageSize = image.imageSize();
    if (imageSize.isEmpty()) {
      return Optional.empty();
    }
    int order = Long.compareUnsigned(size(), imageSize.getAsLong());
    return Optional.of(order < 0 ? Extent.FILE : order == 0 ? Extent.MEMORY : Extent.BEYOND_MEMORY);
  }
}
