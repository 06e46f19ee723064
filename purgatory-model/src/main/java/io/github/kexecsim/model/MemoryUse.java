package io.github.kexecsim.model;

/**
 * What a load takes of the running kernel's memory, in bytes.
 *
 * @param buffers the files and generated buffers, held while loading: the sum of bufsz
 * @param sourcePages what is to be copied; for a crash load it is in place already
 * @param indirectionPages the list
 * @param controlPages the relocation code, its page tables, and the swap page
 * @param heldPages free pages that were taken on the way and are of no use
 * @param destinations what the segments occupy in the end: the sum of memsz
 */
public record MemoryUse(
    long buffers,
    long sourcePages,
    long indirectionPages,
    long controlPages,
    long heldPages,
    long destinations) {
  /** What is held when the last segment has been loaded and no buffer is freed yet. */
  public long peak() {
    return buffers + loaded() + heldPages;
  }

  /** What stays taken until the reboot, or until the image is unloaded. */
  public long loaded() {
    return sourcePages + indirectionPages + controlPages;
  }
}
