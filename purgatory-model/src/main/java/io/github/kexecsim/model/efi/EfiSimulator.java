package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.efi.EfiOutcome.Ending;
import io.github.kexecsim.model.efi.EfiOutcome.EnteredKernel;
import io.github.kexecsim.model.efi.EfiOutcome.FaultKind;
import io.github.kexecsim.model.efi.EfiOutcome.Work;
import io.github.kexecsim.model.efi.KernelStart.Entered;
import io.github.kexecsim.model.efi.KernelStart.Kernel;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import io.github.kexecsim.model.kimage.Destinations;
import io.github.kexecsim.model.kimage.SegmentPages;
import io.github.kexecsim.model.sim.Handoff;
import io.github.kexecsim.model.sim.PhysMemory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Executes an {@link EfiPlan}: from the purgatory, which turns the MMU on and branches to the zboot
 * image's entry, to the next kernel. What the stub does is done on modelled memory: tables are read
 * from it, the payload is decompressed from it and into it.
 */
public final class EfiSimulator {
  private final EfiPlan plan;
  private final StubRun run;
  private final EfiServices services;

  private EfiSimulator(StubRun run) {
    this.plan = run.plan();
    this.run = run;
    this.services = new EfiServices(run);
  }

  /** Puts the segments into memory and runs the stub. */
  public static EfiOutcome run(EfiPlan plan) {
    return execute(plan, load(plan));
  }

  /**
   * Memory as the relocation leaves it: every segment at its place. The real relocation gives the
   * same: {@link io.github.kexecsim.model.sim.Simulator} on a plan for {@link EfiPlan#placed}.
   */
  public static PhysMemory load(EfiPlan plan) {
    int pageSize = plan.request().machine().pageSize();
    PhysMemory memory = new PhysMemory(pageSize);
    for (SegmentPages pages : new Destinations(plan.placed().segments(), pageSize).segments()) {
      for (long page = 0; page < pages.count(); page++) {
        memory.put(pages.segment().mem() + page * pageSize, pages.page(page));
      }
    }
    return memory;
  }

  /**
   * Runs a plan on memory in which its segments are in place, and that may have been changed since.
   *
   * @return what came of it; nothing is thrown for a memory or an image that is wrong
   */
  public static EfiOutcome execute(EfiPlan plan, PhysMemory memory) {
    return new EfiSimulator(new StubRun(plan, memory)).execute();
  }

  /**
   * Where the stub puts the kernel, as the run of it tells, and where the kernel is mapped by what
   * the stub hands over; empty where the kernel is not entered. Nothing is decompressed where the
   * stub can do without; what is wrong with the payload shows in {@link #run} alone.
   */
  static Optional<KaslrOutlook> outlook(EfiPlan plan) {
    EfiSimulator simulator = new EfiSimulator(StubRun.lookingAhead(plan, load(plan)));
    try {
      simulator.stub();
      return Optional.empty();
    } catch (Entered entered) {
      return simulator.outlook(entered);
    } catch (Stopped stopped) {
      return Optional.empty();
    }
  }

  private Optional<KaslrOutlook> outlook(Entered entered) {
    PhysRange fdt = entered.fdt();
    try {
      ByteView tree = run.read(fdt.start(), Math.toIntExact(fdt.size()));
      return Optional.of(
          new StubOutlook(plan)
              .of(
                  entered.kernel(),
                  new KexecSegment(SegmentRole.DTB, fdt, fdt.size(), Optional.of(tree))));
    } catch (Stopped stopped) {
      return Optional.empty();
    }
  }

  private EfiOutcome execute() {
    try {
      return outcome(Ending.RETURNED, Optional.of(stub()));
    } catch (Stopped stopped) {
      return outcome(stopped.ending(), Optional.empty());
    } catch (Entered entered) {
      return entered(entered.kernel(), entered.fdt());
    }
  }

  private EfiStatus stub() throws Stopped, Entered {
    Map<String, Long> symbols = plan.symbols();
    run.act(
        "enter",
        "pc",
        hex(plan.placed().kernelEntry()),
        "x0",
        hex(EfiServices.PARENT),
        "x1",
        hex(symbols.get("system_table")),
        "sp",
        hex(symbols.get("stack_top")));
    // The purgatory reads where to go from memory, and the CPU fetches from there.
    run.word(plan.placed().kernelEntry() & -Long.BYTES);
    StubLibrary stub = new StubLibrary(run, services);
    return plan.generation() == StubGeneration.LOAD_IMAGE
        ? new LoadImageStub(stub).efiZbootEntry()
        : new InPlaceStub(stub).efiZbootEntry();
  }

  private EfiOutcome outcome(Ending ending, Optional<EfiStatus> returned) {
    return outcome(ending, returned, Optional.empty(), Optional.empty());
  }

  private EfiOutcome outcome(
      Ending ending,
      Optional<EfiStatus> returned,
      Optional<EnteredKernel> kernel,
      Optional<Handoff> handoff) {
    long calls = run.events().stream().filter(EfiEvent::isCall).count();
    return new EfiOutcome(
        ending,
        returned,
        run.faults(),
        run.events(),
        services.unsupported(),
        kernel,
        handoff,
        run.map().descriptors(),
        new Work(calls, run.decompressed(), run.copied(), run.map().peak()));
  }

  private EfiOutcome entered(Kernel kernel, PhysRange fdt) {
    boolean mmu = plan.generation() != StubGeneration.LOAD_IMAGE;
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("x0", fdt.start());
    registers.put("x1", 0L);
    registers.put("x2", 0L);
    registers.put("x3", 0L);
    run.act("enter", "pc", hex(kernel.entry()), "x0", hex(fdt.start()), "mmu", mmu ? "on" : "off");
    Handoff handoff =
        new Handoff(
            kernel.entry(),
            registers,
            Optional.empty(),
            mmu ? Optional.of(run.identityMap()) : Optional.empty());
    try {
      ByteView bytes = run.read(kernel.range().start(), Math.toIntExact(kernel.size()));
      checkKernel(kernel, bytes);
      checkSegments();
      EnteredKernel entered = new EnteredKernel(kernel.range(), kernel.size(), sha256(bytes), fdt);
      return outcome(Ending.ENTERED, Optional.empty(), Optional.of(entered), Optional.of(handoff));
    } catch (Stopped stopped) {
      return outcome(stopped.ending(), Optional.empty());
    }
  }

  private void checkKernel(Kernel kernel, ByteView bytes) {
    long base = kernel.range().start();
    try {
      Arm64Image image = Arm64Image.parse(bytes, bytes.size());
      if (Long.compareUnsigned(image.rawImageSize(), kernel.range().size()) > 0) {
        run.add(
            FaultKind.KERNEL_BEYOND_ALLOCATION,
            base,
            String.format(
                "the kernel takes 0x%x bytes (image_size), and 0x%x were allocated for it",
                image.rawImageSize(), kernel.range().size()));
      }
    } catch (KexecException e) {
      run.add(FaultKind.KERNEL_UNKNOWN, base, "what was entered is no arm64 Image");
    }
  }

  /** The initrd is for the next kernel, and the device tree was for the stub: both are whole. */
  private void checkSegments() throws Stopped {
    for (KexecSegment segment : plan.placed().segments()) {
      boolean lasts = segment.role() == SegmentRole.INITRD || segment.role() == SegmentRole.DTB;
      if (lasts && segment.content().isPresent()) {
        ByteView found = run.read(segment.mem(), Math.toIntExact(segment.bufsz()));
        if (!found.equals(segment.content().get())) {
          run.add(
              FaultKind.SEGMENT_DIFFERS,
              segment.mem(),
              segment.role() + " at " + segment.range() + " is not what was loaded");
        }
      }
    }
  }

  private static ByteView sha256(ByteView bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.array(), bytes.arrayOffset(), bytes.size());
      return ByteView.of(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
