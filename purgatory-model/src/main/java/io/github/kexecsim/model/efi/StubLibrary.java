package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.kaslr.EfiRandomAlloc;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What the stubs of all generations have in common of {@code drivers/firmware/efi/libstub} (v6.1):
 * memory, random bytes, the place of a kernel.
 */
final class StubLibrary {
  private static final long ALLOC_ALIGN = StubReserve.ALLOC_ALIGN;

  /** {@code EFI_ALLOC_LIMIT} of arm64: what 48-bit addresses reach. */
  static final long ALLOC_LIMIT = (1L << 48) - 1;

  /** {@code EFI_KIMG_ALIGN} of kernels with pages of 4 and 16 KiB. */
  private static final long KIMG_ALIGN = 64 << 10;

  /** {@code EFI_MMAP_NR_SLACK_SLOTS}. */
  private static final int SLACK_SLOTS = 8;

  /** The fields of {@code struct efi_boot_memmap} before its descriptors. */
  private static final int MEMMAP_HEADER = 40;

  private final StubRun run;
  private final EfiServices services;

  StubLibrary(StubRun run, EfiServices services) {
    this.run = run;
    this.services = services;
  }

  StubRun run() {
    return run;
  }

  EfiServices services() {
    return services;
  }

  /** {@code efi_info} and {@code efi_err}. */
  void message(String text) throws Stopped {
    services.outputString("EFI stub: " + text);
  }

  /** A memory map in the pool: where, and what GetMemoryMap handed back. */
  record MemoryMap(EfiStatus status, long address, long size, long key) {
    long descriptors() {
      return address + MEMMAP_HEADER;
    }

    /** The room for descriptors when the map was taken. */
    long bufferSize() {
      return size + (long) SLACK_SLOTS * EfiServices.DESCRIPTOR_SIZE;
    }
  }

  /** {@code mem.c, efi_get_memory_map}. */
  MemoryMap memoryMap(boolean installTable) throws Stopped {
    EfiResult asked = services.getMemoryMap(0, 0);
    if (asked.status() != EfiStatus.BUFFER_TOO_SMALL) {
      return new MemoryMap(EfiStatus.LOAD_ERROR, 0, 0, 0);
    }
    long room = asked.get("size") + (long) SLACK_SLOTS * EfiServices.DESCRIPTOR_SIZE;
    EfiMemoryType type = installTable ? EfiMemoryType.ACPI_RECLAIM : EfiMemoryType.LOADER_DATA;
    EfiResult pool = services.allocatePool(type, MEMMAP_HEADER + room);
    if (!pool.isSuccess()) {
      return new MemoryMap(pool.status(), 0, 0, 0);
    }
    long address = pool.get("memory");
    if (installTable) {
      EfiResult installed = services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, address);
      if (!installed.isSuccess()) {
        services.freePool(address);
        return new MemoryMap(installed.status(), 0, 0, 0);
      }
    }
    EfiResult got = services.getMemoryMap(room, address + MEMMAP_HEADER);
    if (!got.isSuccess()) {
      if (installTable) {
        services.installConfigurationTable(EfiGuid.LINUX_BOOT_MEMMAP, 0);
      }
      services.freePool(address);
      return new MemoryMap(got.status(), 0, 0, 0);
    }
    run.writeWord(address, got.get("size"));
    run.writeWord(address + 8, got.get("desc_size"));
    run.writeWord(address + 16, got.get("desc_version"));
    run.writeWord(address + 24, got.get("key"));
    run.writeWord(address + 32, room);
    return new MemoryMap(EfiStatus.SUCCESS, address, got.get("size"), got.get("key"));
  }

  /** {@code mem.c, efi_allocate_pages}: with an alignment above the page, the next. */
  EfiResult allocatePages(long size) throws Stopped {
    return allocatePagesAligned(size, ALLOC_ALIGN, EfiMemoryType.LOADER_DATA);
  }

  /** {@code alignedmem.c, efi_allocate_pages_aligned}: gives back what alignment cost. */
  EfiResult allocatePagesAligned(long size, long minAlign, EfiMemoryType type) throws Stopped {
    long align = Math.max(minAlign, ALLOC_ALIGN);
    long rounded = StubReserve.roundUp(size);
    long slack = align / EfiMemoryMap.PAGE_SIZE - 1;
    long max = (ALLOC_LIMIT + 1 & -align) - 1;
    EfiResult got =
        services.allocatePages(
            EfiMemoryMap.MAX_ADDRESS, type.number(), rounded / EfiMemoryMap.PAGE_SIZE + slack, max);
    if (!got.isSuccess()) {
      return got;
    }
    long address = got.get("memory");
    long aligned = address + align - 1 & -align;
    long low = (address & (align - 1)) / EfiMemoryMap.PAGE_SIZE;
    if (low != 0) {
      services.freePages(address, slack - low + 1);
      slack = low - 1;
    }
    if (slack > 0) {
      services.freePages(aligned + rounded, slack);
    }
    return EfiResult.of(EfiStatus.SUCCESS, "memory", aligned);
  }

  /** {@code mem.c, efi_free}. */
  void free(long size, long address) throws Stopped {
    if (size != 0) {
      services.freePages(address, StubReserve.roundUp(size) / EfiMemoryMap.PAGE_SIZE);
    }
  }

  /**
   * {@code random.c, efi_get_random_bytes}: 32 bits of them.
   *
   * @param status what it answered, EFI_NOT_FOUND where there is no such protocol
   */
  record RandomWord(EfiStatus status, long word) {}

  RandomWord randomWord() throws Stopped {
    long buffer = stackBuffer();
    EfiStatus status = randomBytes(Integer.BYTES, buffer);
    return new RandomWord(status, status == EfiStatus.SUCCESS ? run.read(buffer, 4).u32le(0) : 0);
  }

  EfiStatus randomBytes(int size, long buffer) throws Stopped {
    EfiResult rng = services.locateProtocol(EfiGuid.RNG_PROTOCOL);
    return rng.isSuccess() ? services.getRng(size, buffer).status() : rng.status();
  }

  /** Where variables of the stub lie: the stack grows down from its top. */
  long stackBuffer() {
    return run.plan().symbols().get("stack_top") - 4 * EfiGuid.SIZE;
  }

  /** {@code arch/arm64/include/asm/efi.h, efi_get_kimg_min_align} (v6.2; v6.1 the same). */
  static long kimgAlign(boolean nokaslr) {
    return nokaslr ? StubReserve.MIN_KIMG_ALIGN : KIMG_ALIGN;
  }

  /**
   * {@code randomalloc.c, efi_random_alloc}: one of {@link EfiRandomAlloc}'s places. In v6.1 it
   * reports success with no address where there is no such place.
   */
  EfiResult randomAlloc(long wanted, long align, long seed) throws Stopped {
    MemoryMap map = memoryMap(false);
    if (map.status() != EfiStatus.SUCCESS) {
      return EfiResult.of(map.status());
    }
    long size = StubReserve.roundUp(wanted);
    List<EfiMemoryDesc> descriptors = descriptors(map);
    EfiResult result = withoutPlace();
    if (size > 0) {
      Slots slots = new EfiRandomAlloc(size, align, align, ALLOC_LIMIT).slots(descriptors);
      result = slots.count() > 0 ? allocate(slots, seed) : result;
    }
    services.freePool(map.address());
    return result;
  }

  private EfiResult allocate(Slots slots, long seed) throws Stopped {
    run.act(
        "efi_random_alloc",
        "places",
        StubRun.hex(slots.count()),
        "lowest",
        StubRun.hex(slots.lowest()),
        "highest",
        StubRun.hex(slots.highest()));
    EfiResult got =
        services.allocatePages(
            EfiMemoryMap.ADDRESS,
            EfiMemoryType.LOADER_CODE.number(),
            slots.imageSize() / EfiMemoryMap.PAGE_SIZE,
            slots.at(EfiRandomAlloc.choose(slots.count(), seed)));
    if (got.isSuccess()) {
      run.choosesAmong(slots);
    }
    return got;
  }

  private EfiResult withoutPlace() {
    boolean old = run.plan().generation() == StubGeneration.LOAD_IMAGE;
    return EfiResult.of(old ? EfiStatus.SUCCESS : EfiStatus.OUT_OF_RESOURCES, "memory", 0);
  }

  private List<EfiMemoryDesc> descriptors(MemoryMap map) throws Stopped {
    ByteView bytes = run.read(map.descriptors(), (int) map.size());
    List<EfiMemoryDesc> descriptors = new ArrayList<>();
    for (int at = 0; at < bytes.size(); at += EfiServices.DESCRIPTOR_SIZE) {
      long size = bytes.u64le(at + 24) * EfiMemoryMap.PAGE_SIZE;
      PhysRange range = PhysRange.ofSize(bytes.u64le(at + 8), size);
      descriptors.add(new EfiMemoryDesc(range, bytes.u32le(at), bytes.u64le(at + 32)));
    }
    return descriptors;
  }

  /** The address of a configuration table, from the system table in memory. */
  OptionalLong configurationTable(EfiGuid guid) throws Stopped {
    ServicesBlock block = run.plan().block();
    long count = run.word(block.systemTable() + ServicesBlock.NUMBER_OF_TABLES);
    for (int i = 0; i < Math.min(count, ServicesBlock.MAX_CONFIGURATION); i++) {
      if (run.read(block.configuration(i), EfiGuid.SIZE).equals(guid.bytes())) {
        return OptionalLong.of(run.word(block.configuration(i) + EfiGuid.SIZE));
      }
    }
    return OptionalLong.empty();
  }
}
