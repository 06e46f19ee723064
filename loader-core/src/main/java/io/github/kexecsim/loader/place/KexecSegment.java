package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Optional;

/**
 * A placed buffer: {@code struct kexec_segment} of {@code include/linux/kexec.h}.
 *
 * @param role what it holds
 * @param range where it lies; {@code mem} is its start and {@code memsz} its size
 * @param bufsz how many bytes are copied in, at most {@code memsz}; the rest is zero
 * @param content the bytes to copy, exactly {@code bufsz} of them, where they are known
 */
public record KexecSegment(
    SegmentRole role, PhysRange range, long bufsz, Optional<ByteView> content) {
  public KexecSegment {
    if (content.isPresent() && content.get().size() != bufsz) {
      throw new IllegalArgumentException(
          role + ": " + content.get().size() + " bytes of content for a bufsz of " + bufsz);
    }
  }

  /** The same segment with its bytes, exactly bufsz of them. */
  KexecSegment holding(ByteView bytes) {
    return new KexecSegment(role, range, bufsz, Optional.of(bytes));
  }

  /** The physical address of its first byte. */
  public long mem() {
    return range.start();
  }

  /** Its size in memory, in bytes. */
  public long memsz() {
    return range.size();
  }

  @Override
  public String toString() {
    return String.format("%s at %s, bufsz 0x%x", role, range, bufsz);
  }
}
