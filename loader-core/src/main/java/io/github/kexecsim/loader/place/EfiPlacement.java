package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * Where things go when an EFI application is started by emulated boot services ("kexec_file: load
 * zboot by emulated EFI services", an RFC of 2024 that was not merged; so this order is our own).
 * Everything lies in one range of free memory, the one that the services are told of: the kernel
 * image at its bottom, the rest at its top, so that what lies between stays in one piece for what
 * the application allocates.
 */
public final class EfiPlacement {
  private EfiPlacement() {}

  /**
   * What the course takes beside the files, all in bytes.
   *
   * @param kernelMemsz the image in memory
   * @param kernelAlign the alignment of its start, a power of two
   * @param servicesSize the services block, for the range that they are told of
   * @param stackSize the application's stack
   * @param reserve what must stay free in one piece
   */
  public record Needs(
      long kernelMemsz,
      long kernelAlign,
      ToLongFunction<PhysRange> servicesSize,
      long stackSize,
      long reserve) {}

  /**
   * The result.
   *
   * @param segments kernel, initrd, dtb, services and stack; of the services nothing but their size
   * @param usable the range that holds them, and from which the services allocate
   */
  public record Placed(List<KexecSegment> segments, PhysRange usable) {
    public Placed {
      segments = List.copyOf(segments);
    }

    /** The segment of a role. */
    public Optional<KexecSegment> segment(SegmentRole role) {
      return segments.stream().filter(segment -> segment.role() == role).findFirst();
    }
  }

  /**
   * Places the load in the largest range of free memory that takes it.
   *
   * @throws KexecException {@link Reason#NO_ROOM} if none does: why the largest one does not;
   *     {@link Reason#TRUNCATED} or {@link Reason#LIMIT_EXCEEDED} for files that kexec_file_load
   *     does not read; {@link Reason#BAD_DEVICE_TREE}
   */
  public static Placed place(PlacementRequest request, Needs needs) {
    OfferedFiles.checkKernel(request);
    OfferedFiles.checkInitrd(request);
    List<PhysRange> largestFirst =
        request.machine().ranges().stream()
            .map(range -> range.wholePages(request.machine().pageSize()))
            .filter(range -> !range.isEmpty())
            .sorted(Comparator.comparingLong(PhysRange::size).reversed())
            .toList();
    KexecException refusal = null;
    for (PhysRange range : largestFirst) {
      try {
        return place(request, needs, range);
      } catch (KexecException e) {
        if (e.reason() != Reason.NO_ROOM) {
          throw e;
        }
        refusal = refusal == null ? e : refusal;
      }
    }
    throw refusal == null
        ? new KexecException(Reason.NO_ROOM, "the machine has no free memory", "")
        : refusal;
  }

  private static Placed place(PlacementRequest request, Needs needs, PhysRange range) {
    SegmentList list = new SegmentList(request.machine(), request.type(), List.of(range));
    FileContent kernel = request.kernel();
    list.add(
        KexecBuf.bottomUp(
                SegmentRole.KERNEL,
                kernel.size(),
                Math.max(kernel.size(), needs.kernelMemsz()),
                needs.kernelAlign(),
                range.start())
            .holding(kernel.content()));
    Optional<KexecSegment> initrd =
        request
            .initrd()
            .map(file -> list.add(top(SegmentRole.INITRD, file.size()).holding(file.content())));
    ByteView dtb =
        HandedDeviceTree.of(request, request.commandLine(), initrd, Optional.empty()).bytes();
    list.add(top(SegmentRole.DTB, dtb.size()).holding(Optional.of(dtb)));
    list.add(top(SegmentRole.EFI_SERVICES, needs.servicesSize().applyAsLong(range)));
    list.add(
        KexecBuf.topDown(SegmentRole.STACK, 0, needs.stackSize(), 0, 0)
            .holding(Optional.of(ByteView.of(new byte[0]))));
    checkReserve(list.asList(), needs.reserve(), range);
    return new Placed(list.asList(), range);
  }

  private static KexecBuf top(SegmentRole role, long size) {
    return KexecBuf.topDown(role, size, size, 0, 0);
  }

  private static void checkReserve(List<KexecSegment> segments, long reserve, PhysRange range) {
    long largest = largestHole(segments, range);
    if (largest < reserve) {
      throw new KexecException(
          Reason.NO_ROOM,
          String.format(
              "the segments leave 0x%x bytes in one piece of %s; what the EFI stub is going to"
                  + " allocate takes 0x%x",
              largest, range, reserve),
          "the strategies \"kernel\" and \"user\" need less memory at once");
    }
  }

  /** The most that is left in one piece between segments. */
  public static long largestHole(List<KexecSegment> segments, PhysRange range) {
    return PhysRangeSet.of(segments.stream().map(KexecSegment::range).toList())
        .cutOutOf(List.of(range))
        .stream()
        .mapToLong(PhysRange::size)
        .max()
        .orElse(0);
  }
}
