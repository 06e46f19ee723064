package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.model.efi.EfiMemoryMap.Allocation;
import io.github.kexecsim.model.efi.StubRun.Stopped;
import java.util.Optional;

/**
 * An image that LoadImage loaded (UEFI Specification 2.10, 7.4).
 *
 * @param base where its first byte lies
 * @param protocol where its EFI_LOADED_IMAGE_PROTOCOL lies
 */
record LoadedImage(long base, long protocol) {
  /** How much larger than its file an image may be: more than any kernel's .bss. */
  private static final long MAX_BSS = 64 << 20;

  private static final int PROTOCOL_SIZE = 96;

  /** {@code EFI_LOAD_FILE2_PROTOCOL.LoadFile}. */
  interface LoadFile {
    /**
     * Puts the file into a buffer.
     *
     * @param buffer its address, or 0
     * @param size the buffer's size
     * @return EFI_BUFFER_TOO_SMALL with the size that is needed, where there is too little room
     */
    EfiResult load(long buffer, long size) throws Stopped;
  }

  /** Asks for the file, and puts its sections where they belong. */
  static EfiResult load(StubRun run, EfiPool pool, long systemTable, LoadFile file) throws Stopped {
    EfiResult asked = file.load(0, 0);
    if (asked.status() != EfiStatus.BUFFER_TOO_SMALL) {
      return EfiResult.of(asked.isSuccess() ? EfiStatus.LOAD_ERROR : asked.status());
    }
    long size = asked.get("size");
    long pages = pages(size);
    Allocation buffer =
        run.map()
            .allocate(EfiMemoryMap.ANY_PAGES, EfiMemoryType.BOOT_SERVICES_DATA.number(), pages, 0);
    if (buffer.status() != EfiStatus.SUCCESS) {
      return EfiResult.of(buffer.status());
    }
    EfiResult loaded = file.load(buffer.address(), size);
    EfiResult image =
        loaded.isSuccess()
            ? place(run, pool, systemTable, run.read(buffer.address(), Math.toIntExact(size)))
            : loaded;
    run.map().free(buffer.address(), pages);
    return image;
  }

  private static EfiResult place(StubRun run, EfiPool pool, long systemTable, ByteView file)
      throws Stopped {
    MappedPe image;
    try {
      PeHeader pe = PeHeader.parse(file, file.u32le(0x3c));
      if (!pe.architecture().equals(Optional.of(Architecture.ARM64))) {
        return EfiResult.of(EfiStatus.UNSUPPORTED);
      }
      long maxSize = Math.min(4L * file.size() + MAX_BSS, Integer.MAX_VALUE - 8);
      image = MappedPe.of(pe, file, header -> allocate(run, header), maxSize);
    } catch (KexecException e) {
      return EfiResult.of(
          e.reason() == Reason.NO_ROOM ? EfiStatus.OUT_OF_RESOURCES : EfiStatus.LOAD_ERROR);
    }
    Allocation protocol = pool.allocate(EfiMemoryType.BOOT_SERVICES_DATA.number(), PROTOCOL_SIZE);
    if (protocol.status() != EfiStatus.SUCCESS) {
      return EfiResult.of(EfiStatus.OUT_OF_RESOURCES);
    }
    run.write(image.base(), image.content());
    run.countCopied(file.size());
    run.write(
        protocol.address(),
        ByteView.of(ServicesBlock.loadedImage(systemTable, 0, 0, image.range())));
    return EfiResult.of(EfiStatus.SUCCESS, "image_base", image.base())
        .with("image_size", image.range().size())
        .with("protocol", protocol.address());
  }

  /** Pages for an image, from an address that its sections' alignment allows. */
  private static long allocate(StubRun run, PeHeader pe) {
    long align = Math.max(pe.sectionAlignment(), EfiMemoryMap.PAGE_SIZE);
    Allocation got =
        run.map()
            .allocate(
                EfiMemoryMap.ANY_PAGES,
                EfiMemoryType.LOADER_CODE.number(),
                pages(pe.sizeOfImage() + align - EfiMemoryMap.PAGE_SIZE),
                0);
    if (got.status() != EfiStatus.SUCCESS) {
      throw new KexecException(Reason.NO_ROOM, "no pages for the image");
    }
    return (got.address() + align - 1) & -align;
  }

  private static long pages(long size) {
    return (size + EfiMemoryMap.PAGE_SIZE - 1) / EfiMemoryMap.PAGE_SIZE;
  }
}
