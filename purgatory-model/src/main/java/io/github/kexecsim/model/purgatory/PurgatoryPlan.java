package io.github.kexecsim.model.purgatory;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.kimage.Destinations;
import io.github.kexecsim.model.kimage.SegmentPages;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What kexec_file_load writes into the purgatory: which memory to digest, the digest that must come
 * out, and how to enter the next kernel.
 *
 * @param segment where the purgatory lies; its stack is inside
 * @param shaRegions {@code purgatory_sha_regions}, without the unused ones
 * @param digest {@code purgatory_sha256_digest}: 32 bytes
 * @param allContentKnown whether the digest is that of the segments' own bytes; where it is not, a
 *     pattern stood in for some of them
 * @param symbols the symbols that lead into the next kernel, by name
 * @param registers the registers with which the next kernel is entered, by name, as far as the
 *     purgatory sets them
 */
public record PurgatoryPlan(
    PhysRange segment,
    List<ShaRegion> shaRegions,
    ByteView digest,
    boolean allContentKnown,
    Map<String, Long> symbols,
    Map<String, Long> registers) {
  public PurgatoryPlan {
    if (digest.size() != ShaRegion.DIGEST_SIZE) {
      throw new IllegalArgumentException("not a SHA-256: " + digest);
    }
    shaRegions = List.copyOf(shaRegions);
    symbols = Collections.unmodifiableMap(new LinkedHashMap<>(symbols));
    registers = Collections.unmodifiableMap(new LinkedHashMap<>(registers));
  }

  /**
   * What the purgatory of a load is told; empty where it has none, as on arm64 and loongarch64
   * ({@code kernel/kexec_file.c, kexec_calculate_store_digests}, v6.1).
   */
  public static Optional<PurgatoryPlan> of(
      Machine machine, PlacedLoad placed, Destinations destinations) {
    return placed.segments().stream()
        .filter(segment -> segment.role() == SegmentRole.PURGATORY)
        .findFirst()
        .map(purgatory -> of(machine, placed, destinations, purgatory));
  }

  private static PurgatoryPlan of(
      Machine machine, PlacedLoad placed, Destinations destinations, KexecSegment purgatory) {
    List<ShaRegion> regions = new ArrayList<>();
    boolean known = true;
    for (SegmentPages pages : destinations.segments()) {
      if (isDigested(machine, pages.segment().role())) {
        regions.add(new ShaRegion(pages.segment().mem(), pages.segment().memsz()));
        known &= pages.isKnown();
      }
    }
    Map<String, Long> symbols = new LinkedHashMap<>();
    Map<String, Long> registers = new LinkedHashMap<>();
    switch (machine.architecture()) {
      case X86_64 -> {
        symbols.put("entry64_regs.rbx", 0L);
        symbols.put("entry64_regs.rsi", start(placed, SegmentRole.BOOT_PARAMS));
        symbols.put("entry64_regs.rip", placed.kernelEntry());
        registers.put("rbx", 0L);
        registers.put("rsi", start(placed, SegmentRole.BOOT_PARAMS));
        // rsp is stack_end, inside the purgatory; where exactly differs from build to build.
      }
      case RISCV64 -> {
        symbols.put("riscv_kernel_entry", placed.kernelEntry());
        registers.put("a2", placed.kernelEntry());
      }
      case ARM64 -> {
        // Not the kernel's own: kexec-tools' (purgatory/arch/arm64/entry.S, 2.0.28).
        symbols.put("arm64_kernel_entry", placed.kernelEntry());
        symbols.put("arm64_dtb_addr", start(placed, SegmentRole.DTB));
        registers.put("x0", start(placed, SegmentRole.DTB));
      }
      case LOONGARCH64 -> {
        // No purgatory of the kernel's own.
      }
    }
    return new PurgatoryPlan(
        purgatory.range(),
        regions,
        ShaRegion.digest(regions, machine.pageSize(), destinations::content),
        known,
        symbols,
        registers);
  }

  /**
   * The purgatory is changed after its digest was made; with crash hotplug (x86_64 since v6.6)
   * elfcorehdr is changed while the crash kernel waits. Kernels from v6.6 up to the fix in v6.11
   * mixed up two indices there and digested nothing of a crash load; modelled is what was meant.
   */
  private static boolean isDigested(Machine machine, SegmentRole role) {
    boolean hotplug =
        machine.architecture() == Architecture.X86_64 && machine.kernelVersion().isAtLeast(6, 6);
    return role != SegmentRole.PURGATORY && !(hotplug && role == SegmentRole.ELFCOREHDR);
  }

  private static long start(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream()
        .filter(segment -> segment.role() == role)
        .mapToLong(KexecSegment::mem)
        .findFirst()
        .orElse(0);
  }
}
