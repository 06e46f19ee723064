package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.NextKernel;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.efi.KernelStart.Kernel;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The outlook of a plan whose stub ran. */
record StubOutlook(EfiPlan plan) {
  /** What the next kernel is led to; the zboot image and the stack are done with. */
  private static final Set<SegmentRole> LASTING =
      EnumSet.of(SegmentRole.INITRD, SegmentRole.DTB, SegmentRole.EFI_SERVICES);

  /**
   * The outlook.
   *
   * @param kernel where the stub put it
   * @param fdt the device tree that the stub made for it
   */
  KaslrOutlook of(Kernel kernel, KexecSegment fdt) {
    Machine machine = plan.request().machine();
    KexecSegment placed =
        new KexecSegment(SegmentRole.KERNEL, kernel.range(), kernel.size(), Optional.empty());
    PlacedLoad entered =
        new PlacedLoad(
            List.of(placed, fdt),
            kernel.entry(),
            kernel.entry(),
            plan.request().givenCommandLine(),
            List.of(),
            List.of());
    return new NextKernel(entered, machine, plan.generation().nearest(machine.kernelVersion()))
        .placedByStub(
            kernel.physical(),
            plan.placed().segments().stream()
                .filter(segment -> LASTING.contains(segment.role()))
                .toList(),
            List.of(
                "48-bit kernel addresses and pages of 4 or 16 KiB",
                "the seed stands in for EFI_RNG_PROTOCOL's random numbers"));
  }
}
