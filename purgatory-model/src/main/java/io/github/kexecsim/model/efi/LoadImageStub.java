package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.kaslr.KaslrCause;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.efi.EfiOutcome.Ending;
import io.github.kexecsim.model.efi.KernelStart.Kernel;
import io.github.kexecsim.model.efi.StubRun.Stopped;

/**
 * The zboot stub of v6.1: installs a LoadFile2 protocol that decompresses, has LoadImage load it
 * from there, and starts it; the kernel's own stub then runs ({@code
 * drivers/firmware/efi/libstub/zboot.c, efi_zboot_entry}; {@code efi-stub.c, efi_pe_entry}; {@code
 * arm64-stub.c, handle_kernel_image}, all v6.1).
 */
final class LoadImageStub {
  /** Two device paths with MemoryMapped, Offset, vendor media and end nodes. */
  private static final int DEVICE_PATHS = 2 * (24 + 24 + 4) + 20;

  /** An unconditional branch: its opcode in bits 31 to 26, its distance in words below. */
  private static final int B_OPCODE = 0x05;

  /** More than any machine has, and less than makes sums of addresses overflow. */
  private static final long MAX_IMAGE_SIZE = 1L << 47;

  private final StubLibrary stub;
  private final EfiServices services;
  private final ZbootPayload payload;
  private long decompressedSize;

  LoadImageStub(StubLibrary stub) {
    this.stub = stub;
    this.services = stub.services();
    this.payload = new ZbootPayload(stub.run());
  }

  /** Runs the stub: it comes back only if it fails, with what it returns. */
  EfiStatus efiZbootEntry() throws Stopped, KernelStart.Entered {
    EfiResult parent = services.handleProtocol(EfiServices.PARENT, EfiGuid.LOADED_IMAGE_PROTOCOL);
    if (!parent.isSuccess()) {
      stub.message("Failed to locate parent's loaded image protocol");
      return parent.status();
    }
    services.handleProtocol(EfiServices.PARENT, EfiGuid.LOADED_IMAGE_DEVICE_PATH_PROTOCOL);
    EfiResult paths = services.allocatePool(EfiMemoryType.LOADER_DATA, DEVICE_PATHS);
    if (!paths.isSuccess()) {
      stub.message("Failed to allocate device path pool memory");
      return paths.status();
    }
    EfiStatus status = loadAndStart(parent.get("interface"));
    services.freePool(paths.get("memory"));
    services.exit(status);
    return status;
  }

  private EfiStatus loadAndStart(long parent) throws Stopped, KernelStart.Entered {
    EfiResult installed =
        services.installProtocols(EfiGuid.DEVICE_PATH_PROTOCOL, EfiGuid.LOAD_FILE2_PROTOCOL);
    if (!installed.isSuccess()) {
      stub.message("Failed to install LoadFile2 protocol and device path");
      return installed.status();
    }
    EfiResult loaded = services.loadImage(this::loadFile);
    EfiStatus status = loaded.status();
    if (loaded.isSuccess()) {
      status = start(parent, loaded.get("image_base"));
    } else {
      stub.message("Failed to load image");
    }
    services.uninstallProtocols(EfiGuid.DEVICE_PATH_PROTOCOL, EfiGuid.LOAD_FILE2_PROTOCOL);
    return status;
  }

  private EfiResult loadFile(long buffer, long size) throws Stopped {
    long declared = payload.declaredSize();
    if (buffer == 0 || size < declared) {
      return EfiResult.of(EfiStatus.BUFFER_TOO_SMALL, "size", declared);
    }
    ZbootPayload.Result result = payload.decompress(buffer, declared);
    decompressedSize = result.size();
    return EfiResult.of(result.status(), "size", declared);
  }

  private EfiStatus start(long parent, long base) throws Stopped, KernelStart.Entered {
    EfiResult child = services.handleProtocol(EfiServices.CHILD, EfiGuid.LOADED_IMAGE_PROTOCOL);
    if (!child.isSuccess()) {
      stub.message("Failed to locate child's loaded image protocol");
      return child.status();
    }
    long protocol = child.get("interface");
    stub.run().write(protocol + 48, stub.run().read(parent + 48, 16));
    EfiResult started = services.startImage();
    EfiStatus status = started.isSuccess() ? efiPeEntry(protocol, base) : started.status();
    stub.message("StartImage() returned with error");
    return status;
  }

  private EfiStatus efiPeEntry(long protocol, long base) throws Stopped, KernelStart.Entered {
    if (!services.handleProtocol(EfiServices.CHILD, EfiGuid.LOADED_IMAGE_PROTOCOL).isSuccess()) {
      stub.message("Failed to get loaded image protocol");
      return EfiStatus.UNSUPPORTED;
    }
    StubCommandLine commandLine = StubCommandLine.of(stub, protocol);
    if (commandLine.status() != EfiStatus.SUCCESS) {
      return commandLine.status();
    }
    stub.message("Booting Linux Kernel...");
    Arm64Image image = image(base);
    boolean asked = commandLine.has("nokaslr");
    StubChoice choice = choice(asked);
    long memsize = image.rawImageSize();
    long fileSize = Math.min(decompressedSize, memsize);
    EfiResult place = place(base, memsize, choice.word(), asked);
    if (!place.isSuccess()) {
      stub.message("Failed to relocate kernel");
      return place.status();
    }
    long at = place.get("memory");
    if (at != base) {
      stub.run().copy(at, base, fileSize);
    }
    stub.run().act("cache_sync", "address", hex(at), "size", hex(fileSize));
    PhysRange range = PhysRange.ofSize(at, StubReserve.roundUp(memsize));
    Kernel kernel =
        new Kernel(
            range,
            fileSize,
            at + branch(image.code1()),
            choice.physical(stub.run().slots(), range));
    return new KernelStart(stub, commandLine, choice.nokaslr()).efiStubCommon(kernel);
  }

  /** What runs is what LoadImage loaded: no arm64 kernel, and nobody knows what it does. */
  private Arm64Image image(long base) throws Stopped {
    try {
      ByteView header = stub.run().read(base, 64);
      Arm64Image image = Arm64Image.parse(header, decompressedSize);
      boolean isBranch = image.code1() >>> 26 == B_OPCODE;
      boolean isPlausible = image.rawImageSize() > 0 && image.rawImageSize() <= MAX_IMAGE_SIZE;
      if (isBranch && isPlausible) {
        return image;
      }
    } catch (KexecException e) {
      throw new Stopped(Ending.UNKNOWN_CODE);
    }
    throw new Stopped(Ending.UNKNOWN_CODE);
  }

  /** Where code1 of the header, four bytes from its start, leads: primary_entry. */
  private static long branch(long code1) {
    long words = code1 << 38 >> 38;
    return 4 + 4 * words;
  }

  private StubChoice choice(boolean nokaslr) throws Stopped {
    if (!stub.run().plan().options().randomizeBase()) {
      return new StubChoice(0, KaslrCause.NOT_BUILT_IN);
    }
    if (nokaslr) {
      stub.message("KASLR disabled on kernel command line");
      return new StubChoice(0, KaslrCause.NOKASLR);
    }
    services.handleProtocol(EfiServices.CHILD, EfiGuid.LINUX_LOADED_IMAGE_FIXED);
    StubLibrary.RandomWord word = stub.randomWord();
    if (word.status() != EfiStatus.SUCCESS) {
      stub.message("EFI_RNG_PROTOCOL unavailable");
      return new StubChoice(0, KaslrCause.NO_SEED);
    }
    return new StubChoice(word.word(), KaslrCause.RANDOMISED);
  }

  /** {@code handle_kernel_image}. */
  private EfiResult place(long base, long memsize, long seed, boolean nokaslr) throws Stopped {
    boolean kaslr = stub.run().plan().options().randomizeBase() && !nokaslr;
    long align = StubLibrary.kimgAlign(!kaslr);
    if (seed != 0) {
      EfiResult random = stub.randomAlloc(memsize, align, seed);
      if (random.isSuccess()) {
        return random;
      }
      stub.message("efi_random_alloc() failed: " + hex(random.status().value()));
    }
    if (!isOneRegion(base, memsize)) {
      stub.message("FIRMWARE BUG: Image BSS overlaps adjacent EFI memory region");
    } else if ((base & (align - 1)) == 0) {
      return EfiResult.of(EfiStatus.SUCCESS, "memory", base);
    }
    return stub.allocatePagesAligned(memsize, align, EfiMemoryType.LOADER_CODE);
  }

  /** {@code check_image_region}. */
  private boolean isOneRegion(long base, long size) throws Stopped {
    StubLibrary.MemoryMap map = stub.memoryMap(false);
    if (map.status() != EfiStatus.SUCCESS) {
      return false;
    }
    services.freePool(map.address());
    PhysRange range = PhysRange.ofSize(base, size);
    return stub.run().map().descriptors().stream()
        .map(EfiMemoryDesc::range)
        .anyMatch(region -> region.contains(range));
  }
}
