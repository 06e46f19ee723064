package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Optional;

/**
 * A file that is offered for loading. Placement needs a file's size and, of a kernel, its header;
 * so the bytes may be only the first ones of the file, as a recorded load keeps them.
 *
 * @param known the file's first bytes, at most {@code size} of them
 * @param size the file's size in bytes
 */
public record FileContent(ByteView known, long size) {
  public FileContent {
    if (known.size() > size) {
      throw new IllegalArgumentException(known.size() + " bytes known of a file of " + size);
    }
  }

  /** A file whose bytes are all there. */
  public static FileContent of(ByteView bytes) {
    return new FileContent(bytes, bytes.size());
  }

  /** A file of which nothing but its size is known. */
  public static FileContent ofSize(long size) {
    return new FileContent(ByteView.of(new byte[0]), size);
  }

  /** The whole file's bytes, where they are known. */
  public Optional<ByteView> content() {
    return known.size() == size ? Optional.of(known) : Optional.empty();
  }
}
