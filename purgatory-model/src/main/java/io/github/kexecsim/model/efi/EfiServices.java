package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.kaslr.EfiRng;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.model.efi.EfiMemoryMap.Allocation;
import io.github.kexecsim.model.efi.EfiOutcome.Ending;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The emulated services (UEFI Specification 2.10, chapter 7). Each is called through the tables in
 * memory, as the stub does; an unimplemented one answers EFI_UNSUPPORTED. Every call is logged.
 */
final class EfiServices {
  /** The handle of the zboot image. */
  static final long PARENT = 1;

  /** The handle of the image that LoadImage loaded. */
  static final long CHILD = 2;

  /** The size of a memory descriptor; larger than what is defined, as EDK II has it. */
  static final int DESCRIPTOR_SIZE = 48;

  private static final int DESCRIPTOR_VERSION = 1;

  /** What a service does. */
  interface Effect {
    EfiResult run() throws Stopped;
  }

  private final StubRun run;
  private final ServicesBlock block;
  private final EfiPool pool;
  private final Optional<EfiRng> rng;
  private final Set<EfiService> unsupported = EnumSet.noneOf(EfiService.class);
  private int mapChangesLeft;
  private Optional<LoadedImage> child = Optional.empty();

  EfiServices(StubRun run) {
    this.run = run;
    this.block = run.plan().block();
    this.pool = new EfiPool(run.map());
    EfiOptions options = run.plan().options();
    this.rng =
        options.rngSeed().isPresent()
            ? Optional.of(new EfiRng(options.rngSeed().getAsLong()))
            : Optional.empty();
    this.mapChangesLeft = options.mapChanges();
  }

  /** The services that were called and are not implemented. */
  List<EfiService> unsupported() {
    return List.copyOf(unsupported);
  }

  private EfiResult call(EfiService service, Map<String, String> arguments, Effect effect)
      throws Stopped {
    EfiResult result;
    if (isImplemented(service)) {
      result = effect.run();
    } else {
      unsupported.add(service);
      result = EfiResult.of(EfiStatus.UNSUPPORTED);
    }
    Map<String, String> results = new LinkedHashMap<>();
    result.values().forEach((name, value) -> results.put(name, hex(value)));
    run.log(new EfiEvent(service.label(), arguments, Optional.of(result.status()), results));
    return result;
  }

  /** Follows the pointers from the system table to the service. */
  private boolean isImplemented(EfiService service) throws Stopped {
    long table =
        service.table() == EfiService.Table.RNG
            ? block.rngProtocol()
            : run.word(block.systemTable() + ServicesBlock.systemTableField(service.table()));
    long function = run.word(table + service.offset());
    if (function != block.entry(service) && function != block.unsupportedEntry()) {
      throw new Stopped(Ending.SERVICES_LOST);
    }
    return function == block.entry(service);
  }

  private static Map<String, String> arguments(String... namesAndValues) {
    Map<String, String> arguments = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      arguments.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return arguments;
  }

  EfiResult allocatePages(int type, long memoryType, long pages, long address) throws Stopped {
    return call(
        EfiService.ALLOCATE_PAGES,
        arguments(
            "type", hex(type),
            "memory_type", hex(memoryType),
            "pages", hex(pages),
            "memory", hex(address)),
        () -> allocated(run.map().allocate(type, memoryType, pages, address)));
  }

  private static EfiResult allocated(Allocation allocation) {
    return allocation.status() == EfiStatus.SUCCESS
        ? EfiResult.of(EfiStatus.SUCCESS, "memory", allocation.address())
        : EfiResult.of(allocation.status());
  }

  EfiResult freePages(long address, long pages) throws Stopped {
    return call(
        EfiService.FREE_PAGES,
        arguments("memory", hex(address), "pages", hex(pages)),
        () -> EfiResult.of(run.map().free(address, pages)));
  }

  EfiResult allocatePool(EfiMemoryType type, long size) throws Stopped {
    return call(
        EfiService.ALLOCATE_POOL,
        arguments("pool_type", hex(type.number()), "size", hex(size)),
        () -> allocated(pool.allocate(type.number(), size)));
  }

  EfiResult freePool(long buffer) throws Stopped {
    return call(
        EfiService.FREE_POOL,
        arguments("buffer", hex(buffer)),
        () -> EfiResult.of(pool.free(buffer)));
  }

  /** Hands back size, key, desc_size; the descriptors go to {@code buffer} where they fit. */
  EfiResult getMemoryMap(long size, long buffer) throws Stopped {
    return call(
        EfiService.GET_MEMORY_MAP,
        arguments("size", hex(size), "buffer", hex(buffer)),
        () -> {
          List<EfiMemoryDesc> descriptors = run.map().descriptors();
          int needed = descriptors.size() * DESCRIPTOR_SIZE;
          if (size < needed) {
            return EfiResult.of(EfiStatus.BUFFER_TOO_SMALL, "size", needed)
                .with("desc_size", DESCRIPTOR_SIZE);
          }
          run.write(buffer, encode(descriptors));
          return EfiResult.of(EfiStatus.SUCCESS, "size", needed)
              .with("key", run.map().key())
              .with("desc_size", DESCRIPTOR_SIZE)
              .with("desc_version", DESCRIPTOR_VERSION);
        });
  }

  private static ByteView encode(List<EfiMemoryDesc> descriptors) {
    ByteBuffer out =
        ByteBuffer.allocate(descriptors.size() * DESCRIPTOR_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (EfiMemoryDesc descriptor : descriptors) {
      out.putLong(descriptor.type());
      out.putLong(descriptor.range().start()).putLong(0);
      out.putLong(descriptor.range().size() / EfiMemoryMap.PAGE_SIZE);
      out.putLong(descriptor.attribute()).putLong(0);
    }
    return ByteView.of(out.array());
  }

  EfiResult handleProtocol(long handle, EfiGuid protocol) throws Stopped {
    return call(
        EfiService.HANDLE_PROTOCOL,
        arguments("handle", hex(handle), "protocol", protocol.toString()),
        () -> {
          if (protocol != EfiGuid.LOADED_IMAGE_PROTOCOL) {
            return EfiResult.of(EfiStatus.UNSUPPORTED);
          }
          if (handle == PARENT) {
            return EfiResult.of(EfiStatus.SUCCESS, "interface", block.loadedImage());
          }
          return child
              .filter(image -> handle == CHILD)
              .map(image -> EfiResult.of(EfiStatus.SUCCESS, "interface", image.protocol()))
              .orElseGet(() -> EfiResult.of(EfiStatus.INVALID_PARAMETER));
        });
  }

  EfiResult locateProtocol(EfiGuid protocol) throws Stopped {
    return call(
        EfiService.LOCATE_PROTOCOL,
        arguments("protocol", protocol.toString()),
        () ->
            protocol == EfiGuid.RNG_PROTOCOL && rng.isPresent()
                ? EfiResult.of(EfiStatus.SUCCESS, "interface", block.rngProtocol())
                : EfiResult.of(EfiStatus.NOT_FOUND));
  }

  /** There are no devices. */
  EfiResult locateHandle(EfiGuid protocol) throws Stopped {
    return call(
        EfiService.LOCATE_HANDLE,
        arguments("search_type", "ByProtocol", "protocol", protocol.toString()),
        () -> EfiResult.of(EfiStatus.NOT_FOUND));
  }

  /** There are no devices. */
  EfiResult locateDevicePath(EfiGuid protocol, EfiGuid path) throws Stopped {
    return call(
        EfiService.LOCATE_DEVICE_PATH,
        arguments("protocol", protocol.toString(), "device_path", path.toString()),
        () -> EfiResult.of(EfiStatus.NOT_FOUND));
  }

  /** EFI_RNG_PROTOCOL.GetRNG, with the default algorithm. */
  EfiResult getRng(int size, long buffer) throws Stopped {
    return call(
        EfiService.GET_RNG,
        arguments("size", hex(size), "buffer", hex(buffer)),
        () -> {
          run.write(buffer, ByteView.of(rng.orElseThrow().next(size)));
          return EfiResult.of(EfiStatus.SUCCESS);
        });
  }

  EfiResult getVariable(String name) throws Stopped {
    return call(
        EfiService.GET_VARIABLE, arguments("name", name), () -> EfiResult.of(EfiStatus.NOT_FOUND));
  }

  void outputString(String text) throws Stopped {
    call(
        EfiService.OUTPUT_STRING, arguments("string", text), () -> EfiResult.of(EfiStatus.SUCCESS));
  }

  /** A table of 0 is taken out. */
  EfiResult installConfigurationTable(EfiGuid guid, long table) throws Stopped {
    return call(
        EfiService.INSTALL_CONFIGURATION_TABLE,
        arguments("guid", guid.toString(), "table", hex(table)),
        () -> EfiResult.of(install(guid, table)));
  }

  private EfiStatus install(EfiGuid guid, long table) throws Stopped {
    long count = run.word(block.systemTable() + ServicesBlock.NUMBER_OF_TABLES);
    int index = 0;
    while (index < Math.min(count, ServicesBlock.MAX_CONFIGURATION)
        && !run.read(block.configuration(index), EfiGuid.SIZE).equals(guid.bytes())) {
      index++;
    }
    boolean isThere = index < count;
    if (table == 0) {
      // Only the last one is ever taken out again.
      if (isThere) {
        run.writeWord(block.systemTable() + ServicesBlock.NUMBER_OF_TABLES, count - 1);
      }
      return isThere ? EfiStatus.SUCCESS : EfiStatus.NOT_FOUND;
    }
    if (index >= ServicesBlock.MAX_CONFIGURATION) {
      return EfiStatus.OUT_OF_RESOURCES;
    }
    run.write(block.configuration(index), guid.bytes());
    run.writeWord(block.configuration(index) + EfiGuid.SIZE, table);
    if (!isThere) {
      run.writeWord(block.systemTable() + ServicesBlock.NUMBER_OF_TABLES, count + 1);
    }
    return EfiStatus.SUCCESS;
  }

  EfiResult exitBootServices(long handle, long key) throws Stopped {
    return call(
        EfiService.EXIT_BOOT_SERVICES,
        arguments("handle", hex(handle), "key", hex(key)),
        () -> {
          if (mapChangesLeft > 0) {
            mapChangesLeft--;
            run.map().touch();
          }
          return EfiResult.of(
              key == run.map().key() ? EfiStatus.SUCCESS : EfiStatus.INVALID_PARAMETER);
        });
  }

  EfiResult installProtocols(EfiGuid... protocols) throws Stopped {
    return call(
        EfiService.INSTALL_PROTOCOLS,
        arguments("protocols", List.of(protocols).toString()),
        () -> EfiResult.of(EfiStatus.SUCCESS, "handle", CHILD + 1));
  }

  EfiResult uninstallProtocols(EfiGuid... protocols) throws Stopped {
    return call(
        EfiService.UNINSTALL_PROTOCOLS,
        arguments("handle", hex(CHILD + 1), "protocols", List.of(protocols).toString()),
        () -> EfiResult.of(EfiStatus.SUCCESS));
  }

  /** Loads the image that a LoadFile2 protocol gives. */
  EfiResult loadImage(LoadedImage.LoadFile file) throws Stopped {
    return call(
        EfiService.LOAD_IMAGE,
        arguments("parent", hex(PARENT), "device_path", "VenMedia(LINUX_EFI_ZBOOT_MEDIA)"),
        () -> {
          EfiResult loaded = LoadedImage.load(run, pool, block.systemTable(), file);
          if (loaded.isSuccess()) {
            child = Optional.of(new LoadedImage(loaded.get("image_base"), loaded.get("protocol")));
            return loaded.with("handle", CHILD);
          }
          return loaded;
        });
  }

  /** Starts the loaded image: success means that it was started, and comes before it runs. */
  EfiResult startImage() throws Stopped {
    return call(
        EfiService.START_IMAGE,
        arguments("handle", hex(CHILD)),
        () -> EfiResult.of(child.isPresent() ? EfiStatus.SUCCESS : EfiStatus.INVALID_PARAMETER));
  }

  EfiResult exit(EfiStatus status) throws Stopped {
    return call(
        EfiService.EXIT,
        arguments("handle", hex(PARENT), "status", status.toString()),
        () -> EfiResult.of(EfiStatus.SUCCESS));
  }
}
