package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The places that an x86 kernel's decompressor adjusts when the kernel runs at another virtual
 * address than it was linked for, as KASLR makes it: {@code vmlinux.relocs}, which stands behind
 * the kernel, an ELF file or a raw image ({@code arch/x86/tools/relocs.c, emit_relocs} and {@code
 * arch/x86/boot/compressed/misc.c, handle_relocations}, v6.1; without inverse ones since v6.15).
 * Each place is the low 32 bits of its virtual address. Lists stand one behind the other, a 0 in
 * front of each, and the decompressor walks them from the end.
 *
 * @param offset where it begins in the file, a decompressed payload or a raw image
 * @param size its bytes
 * @param groups the lists in the file's order
 */
public record RelocationTail(long offset, long size, List<Group> groups) {
  private static final int WORD = 4;

  public RelocationTail {
    groups = List.copyOf(groups);
  }

  /** What is done at a place, by the distance from the address that was linked for. */
  public enum Kind {
    /** The distance is added to 64 bits. */
    ABSOLUTE_64("64-bit"),
    /** The distance is taken from 32 bits, which are relative to per-CPU data. */
    INVERSE_32("inverse 32-bit"),
    /** The distance is added to 32 bits. */
    ABSOLUTE_32("32-bit");

    private final String meaning;

    Kind(String meaning) {
      this.meaning = meaning;
    }

    /** The kind in words. */
    public String meaning() {
      return meaning;
    }

    /** The name as JSON shows it: lower case, with hyphens. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    int width() {
      return this == ABSOLUTE_64 ? 8 : 4;
    }
  }

  /**
   * A list.
   *
   * @param kind what is done at its places
   * @param count how many places
   * @param lowest the lowest place's virtual address, sign-extended in 64-bit kernels; 0 for none
   * @param highest the highest place's; 0 for none
   */
  public record Group(Kind kind, int count, long lowest, long highest) {
    public Group {
      Objects.requireNonNull(kind);
    }

    /** Whether all places are whole inside of this range of virtual addresses. */
    public boolean isInside(long start, long end) {
      return count == 0
          || Long.compareUnsigned(lowest, start) >= 0
              && Long.compareUnsigned(highest, end - kind.width()) <= 0;
    }
  }

  /**
   * Reads what is behind the kernel.
   *
   * @param file the decompressed payload, or the raw image
   * @param offset where the kernel ends, and not where the file does
   * @param is64Bit whether the kernel is a 64-bit one
   * @throws KexecException {@link Reason#BAD_HEADER} when it is no such table, {@link
   *     Reason#TRUNCATED} when {@code offset} is beyond the file
   */
  public static RelocationTail parse(ByteView file, long offset, boolean is64Bit) {
    ByteView tail = file.from(offset);
    if (tail.size() == 0 || tail.size() % WORD != 0) {
      throw malformed(offset, String.format("0x%x bytes are no list of words", tail.size()));
    }
    if (tail.u32le(0) != 0) {
      throw malformed(offset, String.format("it begins with 0x%x, expected 0", tail.u32le(0)));
    }
    List<Integer> stops = new ArrayList<>();
    for (int at = 0; at < tail.size(); at += WORD) {
      if (tail.u32le(at) == 0) {
        if (stops.size() == Kind.values().length) {
          throw malformed(offset, String.format("one list too many begins at 0x%x", offset + at));
        }
        stops.add(at);
      }
    }
    List<Kind> kinds = kinds(stops.size(), is64Bit);
    if (kinds.isEmpty()) {
      throw malformed(offset, stops.size() + " lists");
    }
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < kinds.size(); i++) {
      int end = i + 1 < stops.size() ? stops.get(i + 1) : tail.size();
      groups.add(group(kinds.get(i), tail, stops.get(i) + WORD, end, is64Bit));
    }
    return new RelocationTail(offset, tail.size(), groups);
  }

  private static List<Kind> kinds(int lists, boolean is64Bit) {
    if (!is64Bit) {
      return lists == 1 ? List.of(Kind.ABSOLUTE_32) : List.of();
    }
    return switch (lists) {
      case 2 -> List.of(Kind.ABSOLUTE_64, Kind.ABSOLUTE_32);
      case 3 -> List.of(Kind.ABSOLUTE_64, Kind.INVERSE_32, Kind.ABSOLUTE_32);
      default -> List.of();
    };
  }

  private static Group group(Kind kind, ByteView tail, int from, int end, boolean is64Bit) {
    long lowest = from < end ? -1 : 0;
    long highest = 0;
    for (int at = from; at < end; at += WORD) {
      long place = is64Bit ? address64(tail, at) : tail.u32le(at);
      lowest = Long.compareUnsigned(place, lowest) < 0 ? place : lowest;
      highest = Long.compareUnsigned(place, highest) > 0 ? place : highest;
    }
    return new Group(kind, (end - from) / WORD, lowest, highest);
  }

  /** A place in a 64-bit kernel, which is mapped at the end of the address space. */
  private static long address64(ByteView words, long at) {
    return (int) words.u32le(at);
  }

  /** Something to do at a place. */
  interface Visitor {
    void visit(Kind kind, long address);
  }

  /**
   * Goes through all places of a 64-bit kernel from the last to the first, as the decompressor
   * does: places may overlap.
   *
   * @param file what {@link #parse} read
   */
  void forEachFromLast(ByteView file, Visitor visitor) {
    long end = offset + size;
    for (int i = groups.size() - 1; i >= 0; i--) {
      Group group = groups.get(i);
      long zero = end - (long) WORD * (group.count() + 1);
      for (long at = end - WORD; at > zero; at -= WORD) {
        visitor.visit(group.kind(), address64(file, at));
      }
      end = zero;
    }
  }

  /** How many places all lists have. */
  public int count() {
    return groups.stream().mapToInt(Group::count).sum();
  }

  private static KexecException malformed(long offset, String what) {
    return new KexecException(
        Reason.BAD_HEADER,
        String.format(Locale.ROOT, "no relocations behind the kernel, at 0x%x: %s", offset, what),
        "the file may be damaged: compare the file's digest with the original's");
  }
}
