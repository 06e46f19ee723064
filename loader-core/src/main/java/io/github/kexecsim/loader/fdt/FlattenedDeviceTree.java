package io.github.kexecsim.loader.fdt;

import com.google.common.base.Splitter;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a device tree blob says, read and checked at once: header, blocks, every token and every
 * name. Nothing is repaired. Versions 16 and 17 are read (Devicetree Specification, chapter 5).
 *
 * <p>The tree shares the blob's bytes with the caller, who must not change them afterwards.
 */
public final class FlattenedDeviceTree {
  private static final Splitter STEPS = Splitter.on('/').omitEmptyStrings();

  private final ByteView blob;
  private final FdtHeader header;
  private final FdtStructure structure;
  private final ByteView strings;
  private final List<FdtRegion> memRsv;
  private final long memRsvTerminator;

  private FlattenedDeviceTree(ByteView blob, Limits limits) {
    header = FdtHeader.parse(blob, limits);
    ByteView whole = blob.slice(0, header.totalsize());
    this.blob = whole;
    List<FdtRegion> entries = new ArrayList<>();
    FdtRegion entry = reserveEntry(whole, 0);
    while (entry.size() != 0) {
      entries.add(entry);
      entry = reserveEntry(whole, entries.size());
    }
    memRsv = List.copyOf(entries);
    memRsvTerminator = entry.address();
    strings = whole.slice(header.offDtStrings(), header.sizeDtStrings());
    structure = FdtStructure.parse(whole, header, limits);
  }

  /** Reads a blob within {@link Limits#DEFAULT}. */
  public static FlattenedDeviceTree parse(ByteView blob) {
    return parse(blob, Limits.DEFAULT);
  }

  /**
   * Reads a blob. Bytes behind its totalsize are not looked at.
   *
   * @throws io.github.kexecsim.loader.error.KexecException {@link Reason#BAD_DEVICE_TREE} with the
   *     offset where it is malformed, {@link Reason#TRUNCATED} where the blob is shorter than its
   *     header or than its totalsize, {@link Reason#LIMIT_EXCEEDED}
   */
  public static FlattenedDeviceTree parse(ByteView blob, Limits limits) {
    return new FlattenedDeviceTree(blob, limits);
  }

  private FdtRegion reserveEntry(ByteView blob, int index) {
    long offset = header.offMemRsvmap() + (long) index * FdtHeader.RESERVE_ENTRY_SIZE;
    if (FdtHeader.RESERVE_ENTRY_SIZE > blob.size() - offset) {
      throw FdtErrors.malformed(offset, "the memory reserve map has no end");
    }
    return new FdtRegion(blob.u64be(offset), blob.u64be(offset + 8));
  }

  /** What it was read from, up to its totalsize. */
  public ByteView blob() {
    return blob;
  }

  /** The blob's length in bytes, as its header states it. */
  public int totalsize() {
    return header.totalsize();
  }

  /** The version of the format, 16 or above. */
  public int version() {
    return header.version();
  }

  /** The root node. */
  public FdtNode root() {
    return structure.root();
  }

  /** The entries of the memory reserve map ({@code /memreserve/}) before the one of size zero. */
  public List<FdtRegion> memRsv() {
    return memRsv;
  }

  /**
   * The node at a path by libfdt's rules: steps without unit address find the first node that has
   * one, repeated and trailing slashes do not matter, and a path that does not begin with a slash
   * begins with a property of {@code /aliases}.
   */
  public Optional<FdtNode> node(String path) {
    if (path.startsWith("/")) {
      return walk(root(), path);
    }
    int slash = path.indexOf('/');
    String alias = slash < 0 ? path : path.substring(0, slash);
    String rest = slash < 0 ? "" : path.substring(slash);
    // An alias must name an absolute path, or following it would need not end.
    return walk(root(), "/aliases")
        .flatMap(aliases -> aliases.property(alias))
        .map(FdtProperty::string)
        .filter(target -> target.startsWith("/"))
        .flatMap(target -> walk(root(), target))
        .flatMap(node -> walk(node, rest));
  }

  private static Optional<FdtNode> walk(FdtNode from, String path) {
    Optional<FdtNode> node = Optional.of(from);
    for (String step : steps(path)) {
      node = node.flatMap(parent -> parent.child(step));
    }
    return node;
  }

  /** The names on the way of a path. */
  static Iterable<String> steps(String path) {
    return STEPS.split(path);
  }

  /** Trees are the same when their blobs are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof FlattenedDeviceTree that && blob.equals(that.blob);
  }

  @Override
  public int hashCode() {
    return blob.hashCode();
  }

  FdtHeader header() {
    return header;
  }

  FdtStructure structure() {
    return structure;
  }

  ByteView strings() {
    return strings;
  }

  long memRsvTerminator() {
    return memRsvTerminator;
  }
}
