package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What a {@link RelocationTail} does to an x86_64 kernel that is linked at {@link
 * X86Image#LOAD_PHYSICAL_ADDR}, laid out as it lies in memory ({@code
 * arch/x86/boot/compressed/misc.c, handle_relocations}, v6.1).
 */
public final class X86Relocations {
  private final ByteView file;
  private final Optional<RelocationTail> tail;

  private X86Relocations(ByteView file, Optional<RelocationTail> tail) {
    this.file = file;
    this.tail = tail;
  }

  /**
   * Checks the relocations against the kernel that they are of.
   *
   * @param file what they stand in, to its end
   * @param offset where they begin in it; its end for none
   * @param imageSize what the kernel takes in memory, in bytes
   * @throws KexecException {@link Reason#BAD_HEADER} if these are no relocations, or lead out of
   *     the kernel; {@link Reason#TRUNCATED} if {@code offset} is beyond the file
   */
  public static X86Relocations of(ByteView file, long offset, long imageSize) {
    if (offset == file.size()) {
      return new X86Relocations(file, Optional.empty());
    }
    RelocationTail tail = RelocationTail.parse(file, offset, true);
    for (RelocationTail.Group group : tail.groups()) {
      if (!group.isInside(X86Image.LINK_ADDRESS, X86Image.LINK_ADDRESS + imageSize)) {
        throw new KexecException(
            Reason.BAD_HEADER,
            String.format(
                "%s relocations at 0x%x to 0x%x lead out of the kernel's 0x%x bytes at 0x%x",
                group.kind().meaning(),
                group.lowest(),
                group.highest(),
                imageSize,
                X86Image.LINK_ADDRESS),
            "something else stands behind the kernel, or its build failed half way");
      }
    }
    return new X86Relocations(file, Optional.of(tail));
  }

  /** Whether one of them changes a byte below {@code end}. */
  boolean touchBelow(int end) {
    return tail.stream()
        .flatMap(found -> found.groups().stream())
        .anyMatch(group -> group.count() > 0 && group.lowest() - X86Image.LINK_ADDRESS < end);
  }

  /**
   * Changes a kernel so that it runs {@code delta} bytes above the addresses that it is linked for.
   *
   * @param kernel from its first byte
   */
  public void applyTo(byte[] kernel, long delta) {
    ByteBuffer bytes = ByteBuffer.wrap(kernel).order(ByteOrder.LITTLE_ENDIAN);
    tail.ifPresent(
        found ->
            found.forEachFromLast(
                file,
                (kind, address) ->
                    adjust(bytes, kind, (int) (address - X86Image.LINK_ADDRESS), delta)));
  }

  private static void adjust(ByteBuffer bytes, RelocationTail.Kind kind, int at, long delta) {
    switch (kind) {
      case ABSOLUTE_64 -> bytes.putLong(at, bytes.getLong(at) + delta);
      case INVERSE_32 -> bytes.putInt(at, (int) (bytes.getInt(at) - delta));
      case ABSOLUTE_32 -> bytes.putInt(at, (int) (bytes.getInt(at) + delta));
    }
  }
}
