package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.memory.Alignment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a zboot stub is going to allocate, estimated from its header: no more is known before the
 * image is decompressed.
 */
final class StubReserve {
  /** {@code EFI_ALLOC_ALIGN} of {@code arch/arm64/include/asm/efi.h} (v6.1). */
  static final long ALLOC_ALIGN = 64 << 10;

  /** {@code MIN_KIMG_ALIGN}, the alignment without KASLR. */
  static final long MIN_KIMG_ALIGN = 2 << 20;

  /** {@code MAX_FDT_SIZE} of {@code drivers/firmware/efi/libstub/fdt.c} (v6.1). */
  static final long MAX_FDT_SIZE = 2 << 20;

  /** {@code zstd_dctx_workspace_bound()}, as it stands in the code of the stub of v7.2. */
  static final long ZSTD_WORKSPACE = 0x176d8;

  /** {@code zlib_inflate_workspacesize()}: a state of about 10 KiB and a window of 32 KiB. */
  static final long ZLIB_WORKSPACE = 0xb000;

  /** Command line, memory maps, tables: each below a page or few. */
  private static final long POOL = 256 << 10;

  /** Before v6.2 the payload ends at the file image: .bss comes on top. */
  private static final long MIN_BSS = 4 << 20;

  private StubReserve() {}

  /** The items, in the order in which the stub allocates; none is in a segment. */
  static List<ReserveItem> items(
      ZbootImage image, CompressionMethod method, StubGeneration generation, long declaredSize) {
    List<ReserveItem> items = new ArrayList<>();
    long size = roundUp(declaredSize);
    if (generation == StubGeneration.LOAD_IMAGE) {
      long withBss = size + roundUp(Math.max(MIN_BSS, declaredSize / 4));
      items.add(ReserveItem.free("file for LoadImage, decompressed", size));
      items.add(ReserveItem.free("image that LoadImage loads, .bss estimated", withBss));
      items.add(ReserveItem.free("alignment of the loaded image", ALLOC_ALIGN));
      items.add(ReserveItem.free("image at its final place, .bss estimated", withBss));
    } else {
      if (generation == StubGeneration.WORKSPACE) {
        items.add(ReserveItem.free(method + " workspace", roundUp(workspace(method))));
      }
      items.add(ReserveItem.free("decompressed image", size));
    }
    items.add(ReserveItem.free("alignment of the final place", MIN_KIMG_ALIGN));
    items.add(ReserveItem.free("device tree for the next kernel", MAX_FDT_SIZE + ALLOC_ALIGN));
    items.add(ReserveItem.free("pool: command line, memory maps, tables", POOL));
    items.add(
        ReserveItem.free(
            "the random place may leave its free memory in two pieces",
            MAX_FDT_SIZE + ALLOC_ALIGN + POOL));
    return items;
  }

  /** What the codec asks for; only gzip and zstd are left in kernels that allocate it. */
  static long workspace(CompressionMethod method) {
    return method == CompressionMethod.GZIP ? ZLIB_WORKSPACE : ZSTD_WORKSPACE;
  }

  static long roundUp(long size) {
    return Alignment.up(size, ALLOC_ALIGN);
  }

  static long total(List<ReserveItem> items) {
    return items.stream().filter(item -> !item.isSegment()).mapToLong(ReserveItem::bytes).sum();
  }
}
