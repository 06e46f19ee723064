package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.kaslr.KaslrCause;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.efi.KernelStart.Kernel;
import io.github.kexecsim.model.efi.StubRun.Stopped;

/**
 * The zboot stub since v6.2: finds a place for the kernel, decompresses it there, and enters it
 * itself ({@code drivers/firmware/efi/libstub/zboot.c, efi_zboot_entry}, v6.15).
 */
final class InPlaceStub {
  private static final long ALL_ONES = 0xffff_ffffL;

  private final StubLibrary stub;
  private final EfiServices services;
  private final ZbootPayload payload;

  InPlaceStub(StubLibrary stub) {
    this.stub = stub;
    this.services = stub.services();
    this.payload = new ZbootPayload(stub.run());
  }

  /** Runs the stub: it comes back only if it fails, with what it returns. */
  EfiStatus efiZbootEntry() throws Stopped, KernelStart.Entered {
    EfiResult image = services.handleProtocol(EfiServices.PARENT, EfiGuid.LOADED_IMAGE_PROTOCOL);
    if (!image.isSuccess()) {
      stub.message("Failed to locate parent's loaded image protocol");
      return image.status();
    }
    StubCommandLine commandLine = StubCommandLine.of(stub, image.get("interface"));
    if (commandLine.status() != EfiStatus.SUCCESS) {
      return commandLine.status();
    }
    stub.message("Decompressing Linux Kernel...");
    EfiStatus status = decompress(commandLine);
    services.freePool(commandLine.buffer());
    return status;
  }

  private EfiStatus decompress(StubCommandLine commandLine) throws Stopped, KernelStart.Entered {
    boolean allocates = stub.run().plan().generation() == StubGeneration.WORKSPACE;
    long workspace = 0;
    if (allocates) {
      EfiResult got = stub.allocatePages(StubReserve.workspace(payload.method()));
      if (!got.isSuccess()) {
        return got.status();
      }
      workspace = got.get("memory");
    }
    long size = StubReserve.roundUp(payload.declaredSize());
    boolean nokaslr = commandLine.has("nokaslr");
    StubChoice choice = choice(nokaslr);
    // Decided before random bytes are asked for.
    boolean aligned = nokaslr || choice.cause() == KaslrCause.NOT_BUILT_IN;
    EfiResult place = stub.randomAlloc(size, StubLibrary.kimgAlign(aligned), choice.word());
    if (!place.isSuccess()) {
      stub.message("Failed to allocate memory");
      return place.status();
    }
    long base = place.get("memory");
    ZbootPayload.Result content = payload.decompress(base, size);
    if (allocates) {
      stub.free(StubReserve.workspace(payload.method()), workspace);
    }
    EfiStatus status = content.status();
    if (status == EfiStatus.SUCCESS) {
      stub.run().act("cache_sync", "address", hex(base), "size", hex(size));
      PhysRange range = PhysRange.ofSize(base, size);
      PhysicalKaslr physical = choice.physical(stub.run().slots(), range);
      Kernel kernel = new Kernel(range, content.size(), base, physical);
      status = new KernelStart(stub, commandLine, choice.nokaslr()).efiStubCommon(kernel);
    }
    stub.free(size, base);
    return status;
  }

  private StubChoice choice(boolean nokaslr) throws Stopped {
    if (!stub.run().plan().options().randomizeBase()) {
      return new StubChoice(0, KaslrCause.NOT_BUILT_IN);
    }
    if (nokaslr) {
      stub.message("KASLR disabled on kernel command line");
      return new StubChoice(ALL_ONES, KaslrCause.NOKASLR);
    }
    StubLibrary.RandomWord word = stub.randomWord();
    if (word.status() == EfiStatus.SUCCESS) {
      return new StubChoice(word.word(), KaslrCause.RANDOMISED);
    }
    stub.message(
        word.status() == EfiStatus.NOT_FOUND
            ? "EFI_RNG_PROTOCOL unavailable"
            : "efi_get_random_bytes() failed (" + hex(word.status().value()) + ")");
    return new StubChoice(ALL_ONES, KaslrCause.NO_SEED);
  }
}
