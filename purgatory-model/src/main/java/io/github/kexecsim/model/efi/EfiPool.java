package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.model.efi.EfiMemoryMap.Allocation;
import java.util.HashMap;
import java.util.Map;

/**
 * AllocatePool and FreePool (UEFI Specification 2.10, 7.2): blocks aligned to 8 bytes, those of one
 * memory type share pages. A page whose blocks were all freed goes back.
 */
final class EfiPool {
  private static final int ALIGN = 8;
  private static final long MAX_SIZE = 1L << 40;

  private static final class Page {
    private final long start;
    private final long pages;
    private long used;
    private int blocks;

    Page(long start, long pages) {
      this.start = start;
      this.pages = pages;
    }
  }

  private final EfiMemoryMap map;
  private final Map<Long, Page> current = new HashMap<>();
  private final Map<Long, Page> blocks = new HashMap<>();

  EfiPool(EfiMemoryMap map) {
    this.map = map;
  }

  Allocation allocate(long memoryType, long size) {
    if (size < 0 || size > MAX_SIZE) {
      return Allocation.refused(EfiStatus.OUT_OF_RESOURCES);
    }
    long rounded = Math.max(ALIGN, Alignment.up(size, ALIGN));
    Page page = current.get(memoryType);
    if (page == null || page.used + rounded > page.pages * EfiMemoryMap.PAGE_SIZE) {
      long pages = (rounded + EfiMemoryMap.PAGE_SIZE - 1) / EfiMemoryMap.PAGE_SIZE;
      Allocation got = map.allocate(EfiMemoryMap.ANY_PAGES, memoryType, pages, 0);
      if (got.status() != EfiStatus.SUCCESS) {
        return got;
      }
      page = new Page(got.address(), pages);
      current.put(memoryType, page);
    }
    long block = page.start + page.used;
    page.used += rounded;
    page.blocks++;
    blocks.put(block, page);
    return new Allocation(EfiStatus.SUCCESS, block);
  }

  EfiStatus free(long block) {
    Page page = blocks.remove(block);
    if (page == null) {
      return EfiStatus.INVALID_PARAMETER;
    }
    page.blocks--;
    if (page.blocks == 0) {
      current.values().remove(page);
      return map.free(page.start, page.pages);
    }
    return EfiStatus.SUCCESS;
  }
}
