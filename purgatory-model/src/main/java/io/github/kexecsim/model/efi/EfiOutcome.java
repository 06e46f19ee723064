package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.sim.Handoff;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What came of a stub that ran against emulated services. Everything that can go wrong is told
 * here; nothing is thrown.
 *
 * @param ending how it ended
 * @param returned what the stub returned, where it did
 * @param faults what was found on the way that a person at the machine would not see, in order; at
 *     most {@value #MAX_FAULTS}
 * @param events every service called and every act of the stub, in order
 * @param unsupported the services that were called and are not implemented
 * @param kernel the kernel that was entered, where one was
 * @param handoff the state in which it begins, where it does
 * @param memoryMap the EFI memory map as the stub left it: what the next kernel is told
 * @param work what was done
 */
public record EfiOutcome(
    Ending ending,
    Optional<EfiStatus> returned,
    List<Fault> faults,
    List<EfiEvent> events,
    List<EfiService> unsupported,
    Optional<EnteredKernel> kernel,
    Optional<Handoff> handoff,
    List<EfiMemoryDesc> memoryMap,
    Work work) {
  /** How many faults are kept. */
  public static final int MAX_FAULTS = 64;

  /** How a stub ends, seen from outside. */
  public enum Ending {
    /** The next kernel was entered. */
    ENTERED("the next kernel was entered"),
    /** The stub returned to the purgatory, which has nowhere to go. */
    RETURNED("the stub returned: the purgatory has nothing to go on with"),
    /** An address was used that the 1:1 map does not map. */
    TRANSLATION_FAULT("an unmapped address was used: the CPU faults"),
    /** A service was called through a pointer that leads to no service. */
    SERVICES_LOST("a pointer in the EFI tables leads nowhere"),
    /** What LoadImage loaded and StartImage was to start is no arm64 kernel. */
    UNKNOWN_CODE("what was started is no arm64 kernel");

    private final String text;

    Ending(String text) {
      this.text = text;
    }

    /** What it means, in a few words. */
    public String text() {
      return text;
    }

    /** The name as JSON shows it: lower case, with hyphens. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** What can be found wrong. */
  public enum FaultKind {
    /** Memory was written that is nobody's. */
    STRAY_WRITE,
    /** A segment that the next kernel needs is not what was placed. */
    SEGMENT_DIFFERS,
    /** What was entered is no arm64 Image. */
    KERNEL_UNKNOWN,
    /** The kernel's image_size reaches beyond what was allocated for it. */
    KERNEL_BEYOND_ALLOCATION,
    /** Not as many bytes came out of the payload as the image declares. */
    SIZE_DIFFERS;

    /** The name as JSON shows it: lower case, with hyphens. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * One thing found wrong.
   *
   * @param kind what
   * @param address the physical address where
   * @param message for people
   */
  public record Fault(FaultKind kind, long address, String message) {}

  /**
   * The kernel that was entered.
   *
   * @param range the memory that was allocated for it
   * @param size how many bytes of it came out of the payload
   * @param sha256 the digest of those bytes as they lie in memory
   * @param fdt where the device tree lies that it is handed
   */
  public record EnteredKernel(PhysRange range, long size, ByteView sha256, PhysRange fdt) {}

  /**
   * What was done.
   *
   * @param calls services called
   * @param decompressed bytes that came out of the payload
   * @param copied bytes that were copied from one place in memory to another after that
   * @param peakAllocated the most bytes that were allocated at a time, segments not counted
   */
  public record Work(long calls, long decompressed, long copied, long peakAllocated) {}

  public EfiOutcome {
    faults = List.copyOf(faults);
    events = List.copyOf(events);
    unsupported = List.copyOf(unsupported);
    memoryMap = List.copyOf(memoryMap);
  }

  /** Whether the next kernel was entered, with nothing found wrong. */
  public boolean isSuccess() {
    return ending == Ending.ENTERED && faults.isEmpty();
  }

  /** The ending, or the first fault of a next kernel that was entered in spite of it. */
  public String summary() {
    if (ending == Ending.ENTERED && !faults.isEmpty()) {
      return faults.get(0).message();
    }
    return returned.map(status -> ending.text() + " (" + status + ")").orElse(ending.text());
  }
}
