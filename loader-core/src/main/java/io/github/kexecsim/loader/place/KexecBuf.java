package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Optional;

/**
 * A buffer that wants a place: {@code struct kexec_buf} of {@code include/linux/kexec.h}.
 *
 * @param role what it holds
 * @param bufsz how many bytes there are to copy
 * @param memsz how much memory it takes, in bytes, before it is rounded up to the page
 * @param align the alignment of its start; the page where it is smaller. Not checked to be a power
 *     of two: riscv64's loader takes it from the image and computes with what it finds
 * @param min the lowest address it may start at ({@code buf_min})
 * @param max the highest address its last byte may have ({@code buf_max})
 * @param topDown whether the highest place is wanted instead of the lowest
 * @param content its bytes, where they are known
 */
record KexecBuf(
    SegmentRole role,
    long bufsz,
    long memsz,
    long align,
    long min,
    long max,
    boolean topDown,
    Optional<ByteView> content) {
  /** No upper bound: the kernel's {@code ULONG_MAX}. */
  static final long NO_MAX = PhysRange.LIMIT - 1;

  KexecBuf {
    if (align < 0 || memsz < 0 || min < 0) {
      throw new IllegalArgumentException("unplaceable " + role);
    }
  }

  static KexecBuf bottomUp(SegmentRole role, long bufsz, long memsz, long align, long min) {
    return new KexecBuf(role, bufsz, memsz, align, min, NO_MAX, false, Optional.empty());
  }

  static KexecBuf topDown(SegmentRole role, long bufsz, long memsz, long align, long min) {
    return new KexecBuf(role, bufsz, memsz, align, min, NO_MAX, true, Optional.empty());
  }

  KexecBuf below(long newMax) {
    return new KexecBuf(role, bufsz, memsz, align, min, newMax, topDown, content);
  }

  KexecBuf above(long newMin) {
    return new KexecBuf(role, bufsz, memsz, align, newMin, max, topDown, content);
  }

  KexecBuf holding(Optional<ByteView> newContent) {
    return new KexecBuf(role, bufsz, memsz, align, min, max, topDown, newContent);
  }

  /** The request as {@code kexec_add_buffer} makes it before it searches. */
  KexecBuf roundedTo(long pageSize) {
    long pages = Alignment.up(memsz, pageSize);
    return new KexecBuf(role, bufsz, pages, Math.max(align, pageSize), min, max, topDown, content);
  }
}
