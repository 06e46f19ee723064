package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A machine's physical memory, of which only the pages in use are there. Pages share their bytes
 * until they are changed, so that a page copied costs no memory; a page never written reads as
 * {@link #POISON}.
 *
 * <p>What the running kernel put there beforehand ({@link #put}) is told from what the relocation
 * writes ({@link #copyPage}, {@link #putWord}): {@link #isOverwritten}.
 */
public final class PhysMemory {
  /** Every byte of a page that nobody wrote. */
  public static final byte POISON = (byte) 0xa5;

  private final int pageSize;
  private final ByteView poison;
  private final Map<Long, Page> pages = new HashMap<>();

  private static final class Page {
    private ByteView bytes;
    private Supplier<long[]> words;
    private boolean overwritten;

    ByteView bytes(int pageSize) {
      if (bytes == null) {
        bytes = ofWords(words.get(), pageSize);
        words = null;
      }
      return bytes;
    }

    private static ByteView ofWords(long[] words, int pageSize) {
      ByteBuffer buffer = ByteBuffer.allocate(pageSize).order(ByteOrder.LITTLE_ENDIAN);
      buffer.asLongBuffer().put(words);
      return ByteView.of(buffer.array());
    }
  }

  /** Memory that nobody has written yet. */
  public PhysMemory(int pageSize) {
    this.pageSize = pageSize;
    byte[] bytes = new byte[pageSize];
    Arrays.fill(bytes, POISON);
    this.poison = ByteView.of(bytes);
  }

  /** How large a page is, in bytes. */
  public int pageSize() {
    return pageSize;
  }

  /** How many pages were written. */
  public int pagesInUse() {
    return pages.size();
  }

  /** Whether the page at an address was ever written. */
  public boolean isWritten(long address) {
    return pages.containsKey(number(address));
  }

  /** Whether the page at an address was written by the relocation. */
  public boolean isOverwritten(long address) {
    Page page = pages.get(number(address));
    return page != null && page.overwritten;
  }

  /** The bytes of the page that an address lies in, as they stand now. */
  public ByteView page(long address) {
    Page page = pages.get(number(address));
    return page == null ? poison : page.bytes(pageSize);
  }

  /** The little-endian 64-bit word at an address, a multiple of 8. */
  public long word(long address) {
    return page(address).u64le(address & (pageSize - 1));
  }

  /** Puts a page where it was before the relocation. The view is kept, not copied. */
  public void put(long address, ByteView bytes) {
    checkPage(address);
    if (bytes.size() != pageSize) {
      throw new IllegalArgumentException(bytes.size() + " bytes are not a page");
    }
    pageFor(address).bytes = bytes;
  }

  /**
   * Puts a page of words where it was before the relocation; they are asked for when it is read.
   */
  public void put(long address, Supplier<long[]> words) {
    checkPage(address);
    Page page = pageFor(address);
    page.bytes = null;
    page.words = words;
  }

  /** Copies a page as the relocation does; a page never written copies as poison. */
  public void copyPage(long destination, long source) {
    checkPage(destination);
    checkPage(source);
    overwrite(destination, page(source));
  }

  /** Exchanges two pages as the relocation does. */
  public void swapPages(long one, long other) {
    ByteView bytes = page(other);
    copyPage(other, one);
    overwrite(one, bytes);
  }

  /** Writes a word as the relocation does, at a multiple of 8. */
  public void putWord(long address, long word) {
    byte[] bytes = page(address).toByteArray();
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong((int) (address & (pageSize - 1)), word);
    overwrite(address, ByteView.of(bytes));
  }

  private void overwrite(long address, ByteView bytes) {
    Page page = pageFor(address);
    page.bytes = bytes;
    page.overwritten = true;
  }

  private Page pageFor(long address) {
    return pages.computeIfAbsent(number(address), n -> new Page());
  }

  private long number(long address) {
    return address / pageSize;
  }

  private void checkPage(long address) {
    Objects.checkIndex(address & (pageSize - 1), 1);
  }
}
