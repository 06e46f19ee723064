package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The places in an x86_64 kernel that hold a virtual address of it, which change when it is mapped
 * elsewhere ({@code arch/x86/tools/relocs.c}, and {@code arch/x86/boot/compressed/misc.c,
 * handle_relocations}, v6.1): three lists of 32-bit words behind the kernel, each begun by a 0:
 * addresses of 64-bit words, of 32-bit words to lower instead of raise, and of 32-bit words.
 * Kernels from 6.15 on have no list of words to lower.
 */
public final class X86Relocations {
  /** What addresses are given from: {@code __START_KERNEL_map}, and the link address above it. */
  private static final long LINKED_AT = 0xffff_ffff_8000_0000L + X86Image.LOAD_PHYSICAL_ADDR;

  private final ByteView words;
  private final int lists;

  private X86Relocations(ByteView words, int lists) {
    this.words = words;
    this.lists = lists;
  }

  /**
   * Checks the lists against the kernel that they are of.
   *
   * @param words the lists; nothing for none
   * @param imageSize the kernel's size in bytes
   * @throws KexecException {@link Reason#BAD_HEADER} if these are no such lists, or lead out of the
   *     kernel
   */
  public static X86Relocations of(ByteView words, long imageSize) {
    if (words.size() == 0) {
      return new X86Relocations(words, 0);
    }
    if (words.size() % 4 != 0 || words.u32le(0) != 0) {
      throw malformed(
          String.format(
              "0x%x bytes that begin with 0x%02x: expected whole 32-bit words, and a 0 first",
              words.size(), words.u8(0)));
    }
    int lists = 0;
    for (int at = 0; at < words.size(); at += 4) {
      lists += words.u32le(at) == 0 ? 1 : 0;
    }
    if (lists != 2 && lists != 3) {
      throw malformed(lists + " lists: expected 2 or 3");
    }
    X86Relocations relocations = new X86Relocations(words, lists);
    relocations.forEach(
        (offset, width, sign) -> {
          if (offset < 0 || offset > imageSize - width) {
            throw malformed(
                String.format("offset 0x%x, outside the kernel's 0x%x bytes", offset, imageSize));
          }
        });
    return relocations;
  }

  private static KexecException malformed(String found) {
    return new KexecException(
        Reason.BAD_HEADER,
        "the kernel's relocations: " + found,
        "something else stands behind the kernel, or its build failed half way");
  }

  /** Whether there are none, so that the kernel runs where it is linked only. */
  public boolean isEmpty() {
    return words.size() == 0;
  }

  /** Whether one of them changes a byte below {@code end}. */
  boolean touchBelow(int end) {
    boolean[] found = {false};
    forEach((offset, width, sign) -> found[0] |= offset < end);
    return found[0];
  }

  /**
   * Changes a kernel so that it runs {@code delta} bytes above the addresses that it is linked for.
   *
   * @param kernel from its first byte
   */
  public void applyTo(byte[] kernel, long delta) {
    ByteBuffer bytes = ByteBuffer.wrap(kernel).order(ByteOrder.LITTLE_ENDIAN);
    forEach(
        (offset, width, sign) -> {
          int at = (int) offset;
          if (width == 8) {
            bytes.putLong(at, bytes.getLong(at) + sign * delta);
          } else {
            bytes.putInt(at, (int) (bytes.getInt(at) + sign * delta));
          }
        });
  }

  /** Something to do at a place in the kernel. */
  private interface Place {
    void at(long offset, int width, int sign);
  }

  /** From the last to the first, as the kernel goes. */
  private void forEach(Place place) {
    int list = 0;
    for (int at = words.size() - 4; at >= 0; at -= 4) {
      int word = (int) words.u32le(at);
      if (word == 0) {
        list++;
        continue;
      }
      boolean isWide = list == lists - 1;
      place.at(word - LINKED_AT, isWide ? 8 : 4, list == 1 && !isWide ? -1 : 1);
    }
  }
}
