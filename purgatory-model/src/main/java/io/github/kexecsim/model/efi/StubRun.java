package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.model.efi.EfiOutcome.Ending;
import io.github.kexecsim.model.efi.EfiOutcome.Fault;
import io.github.kexecsim.model.efi.EfiOutcome.FaultKind;
import io.github.kexecsim.model.mmu.Arm64FlatMap;
import io.github.kexecsim.model.sim.PhysMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The CPU that the stub runs on: memory through the 1:1 map, the log, and what was found wrong. */
final class StubRun {
  /** The stub cannot go on. */
  static final class Stopped extends Exception {
    private static final long serialVersionUID = 1L;

    private final Ending ending;

    Stopped(Ending ending) {
      super(ending.text(), null, false, false);
      this.ending = ending;
    }

    Ending ending() {
      return ending;
    }
  }

  private final EfiPlan plan;
  private final PhysMemory memory;
  private final Arm64FlatMap identityMap;
  private final EfiMemoryMap map;
  private final List<EfiEvent> events = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();
  private final boolean looksAhead;
  private Optional<Slots> slots = Optional.empty();
  private long decompressed;
  private long copied;

  StubRun(EfiPlan plan, PhysMemory memory) {
    this(plan, memory, false);
  }

  private StubRun(EfiPlan plan, PhysMemory memory, boolean looksAhead) {
    this.plan = plan;
    this.looksAhead = looksAhead;
    this.memory = memory;
    this.identityMap = plan.identityMap();
    this.map = new EfiMemoryMap(plan.usable());
    for (KexecSegment segment : plan.placed().segments()) {
      map.claim(segment.range(), type(segment));
    }
  }

  /** A run for the sake of where the kernel goes: not one byte of it is needed there. */
  static StubRun lookingAhead(EfiPlan plan, PhysMemory memory) {
    return new StubRun(plan, memory, true);
  }

  /** Whether the payload has to be decompressed: the first stub reads what comes out of it. */
  boolean needsPayload() {
    return !looksAhead || plan.generation() == StubGeneration.LOAD_IMAGE;
  }

  /** The places among which efi_random_alloc chose, where it did. */
  Optional<Slots> slots() {
    return slots;
  }

  void choosesAmong(Slots places) {
    slots = Optional.of(places);
  }

  /** The tables stay the next kernel's to read, so no type that it takes as free memory. */
  private static EfiMemoryType type(KexecSegment segment) {
    return switch (segment.role()) {
      case KERNEL -> EfiMemoryType.LOADER_CODE;
      case EFI_SERVICES -> EfiMemoryType.ACPI_RECLAIM;
      case STACK -> EfiMemoryType.BOOT_SERVICES_DATA;
      default -> EfiMemoryType.LOADER_DATA;
    };
  }

  EfiPlan plan() {
    return plan;
  }

  EfiMemoryMap map() {
    return map;
  }

  Arm64FlatMap identityMap() {
    return identityMap;
  }

  List<EfiEvent> events() {
    return events;
  }

  List<Fault> faults() {
    return faults;
  }

  long decompressed() {
    return decompressed;
  }

  long copied() {
    return copied;
  }

  void log(EfiEvent event) {
    events.add(event);
  }

  /** Logs an act of the stub's own: names and values in turn. */
  void act(String name, String... namesAndValues) {
    Map<String, String> arguments = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      arguments.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    log(new EfiEvent(name, arguments, Optional.empty(), Map.of()));
  }

  void add(FaultKind kind, long address, String message) {
    if (faults.size() < EfiOutcome.MAX_FAULTS) {
      faults.add(new Fault(kind, address, message));
    }
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  private long translate(long virtual) throws Stopped {
    OptionalLong physical = identityMap.translate(virtual, memory::word);
    if (physical.isEmpty()) {
      throw new Stopped(Ending.TRANSLATION_FAULT);
    }
    return physical.getAsLong();
  }

  /** The little-endian 64-bit word at a multiple of 8. */
  long word(long address) throws Stopped {
    if ((address & (Long.BYTES - 1)) != 0) {
      throw new Stopped(Ending.TRANSLATION_FAULT);
    }
    return memory.word(translate(address));
  }

  ByteView read(long address, int length) throws Stopped {
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      int part = inOnePage(address + done, length - done);
      long physical = translate(address + done);
      memory.page(physical).copyTo(offset(physical), bytes, done, part);
      done += part;
    }
    return ByteView.of(bytes);
  }

  /** Writes; what goes beyond what is anybody's is noted, and written all the same. */
  void write(long address, ByteView bytes) throws Stopped {
    if (bytes.size() == 0) {
      return;
    }
    translate(address);
    if (!map.isTaken(PhysRange.ofSize(address, bytes.size()))) {
      add(
          FaultKind.STRAY_WRITE,
          address,
          String.format("0x%x bytes written at 0x%x, which is free memory", bytes.size(), address));
    }
    for (int done = 0; done < bytes.size(); ) {
      int part = inOnePage(address + done, bytes.size() - done);
      writeInPage(translate(address + done), bytes.slice(done, part));
      done += part;
    }
  }

  private void writeInPage(long physical, ByteView bytes) {
    long page = physical & -memory.pageSize();
    if (bytes.size() == memory.pageSize()) {
      memory.put(page, bytes);
      return;
    }
    byte[] changed = memory.page(physical).toByteArray();
    bytes.copyTo(0, changed, (int) offset(physical), bytes.size());
    memory.put(page, ByteView.of(changed));
  }

  void writeWord(long address, long value) throws Stopped {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    write(address, ByteView.of(bytes.putLong(0, value).array()));
  }

  /** The stub's memcpy. */
  void copy(long destination, long source, long size) throws Stopped {
    act("memcpy", "dest", hex(destination), "src", hex(source), "size", hex(size));
    ByteView bytes = read(source, Math.toIntExact(size));
    write(destination, bytes);
    copied += size;
  }

  void countDecompressed(long bytes) {
    decompressed += bytes;
  }

  void countCopied(long bytes) {
    copied += bytes;
  }

  /** The 1:1 map's pages may be smaller than the memory's. */
  private int inOnePage(long address, int left) {
    long toEnd = Arm64FlatMap.PAGE_SIZE - (address & (Arm64FlatMap.PAGE_SIZE - 1));
    return (int) Math.min(left, toEnd);
  }

  private long offset(long physical) {
    return physical & (memory.pageSize() - 1);
  }
}
