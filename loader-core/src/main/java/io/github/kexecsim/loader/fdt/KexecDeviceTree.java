package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.Alignment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * The device tree that kexec_file_load hands to the next kernel: the running machine's own with
 * /chosen and the memory reserve map brought up to date (drivers/of/kexec.c,
 * of_kexec_alloc_and_setup_fdt, v6.1; v7.2 edits the same where none of the following is there).
 *
 * <p>Not modelled: the IMA measurement buffer, kexec handover (KHO), dm-crypt keys and CMA crash
 * memory, each of which would add properties.
 */
public final class KexecDeviceTree {
  private static final String CHOSEN = "/chosen";
  private static final String USABLE_MEMORY_RANGE = "linux,usable-memory-range";
  private static final int RNG_SEED_SIZE = 128;
  private static final long MAX_CELL = 0xffff_ffffL;

  private KexecDeviceTree() {}

  /**
   * What a crash load adds.
   *
   * @param elfcorehdr where the ELF core header lies, and its length in bytes
   * @param region the crash kernel region
   * @param lowRegion the second region below 4 GiB, where there are two
   */
  public record Crash(FdtRegion elfcorehdr, FdtRegion region, Optional<FdtRegion> lowRegion) {
    public Crash {
      Objects.requireNonNull(region);
      Objects.requireNonNull(lowRegion);
      if (elfcorehdr.size() == 0) {
        throw new IllegalArgumentException("an empty ELF core header");
      }
    }
  }

  /**
   * What to hand over; begin with {@link #forPageSize}.
   *
   * @param pageSize the running kernel's, in bytes, a power of two
   * @param runningAddress where the running machine's blob lies in memory, if that is known: its
   *     reservation is dropped
   * @param initrd where the initrd will lie, and its length in bytes, not zero; without one, and at
   *     address zero, what the running kernel knew of its own initrd is removed
   * @param crash for a crash load
   * @param cmdline the command line up to its first NUL, one byte a character; it may be empty.
   *     Without one bootargs is removed
   * @param rngSeed what kaslr-seed and rng-seed are made from, always the same bytes from the same
   *     seed; without one, as while the kernel's RNG is not ready, neither is set
   */
  public record Edits(
      int pageSize,
      OptionalLong runningAddress,
      Optional<FdtRegion> initrd,
      Optional<Crash> crash,
      Optional<String> cmdline,
      OptionalLong rngSeed) {
    public Edits {
      Objects.requireNonNull(runningAddress);
      Objects.requireNonNull(crash);
      Objects.requireNonNull(cmdline);
      Objects.requireNonNull(rngSeed);
      if (Integer.bitCount(pageSize) != 1 || pageSize < 0) {
        throw new IllegalArgumentException("the page size must be a power of two: " + pageSize);
      }
      if (initrd.isPresent() && initrd.get().size() == 0) {
        throw new IllegalArgumentException("an empty initrd");
      }
    }

    /** No initrd, no crash load, no command line, and an RNG that is ready, with seed 0. */
    public static Edits forPageSize(int pageSize) {
      return new Edits(
          pageSize,
          OptionalLong.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalLong.of(0));
    }

    public Edits withRunningAddress(long address) {
      return new Edits(pageSize, OptionalLong.of(address), initrd, crash, cmdline, rngSeed);
    }

    public Edits withInitrd(FdtRegion region) {
      return new Edits(pageSize, runningAddress, Optional.of(region), crash, cmdline, rngSeed);
    }

    public Edits withCrash(Crash load) {
      return new Edits(pageSize, runningAddress, initrd, Optional.of(load), cmdline, rngSeed);
    }

    public Edits withCmdline(String line) {
      return new Edits(pageSize, runningAddress, initrd, crash, Optional.of(line), rngSeed);
    }

    public Edits withRngSeed(long seed) {
      return new Edits(pageSize, runningAddress, initrd, crash, cmdline, OptionalLong.of(seed));
    }

    /** The kernel's RNG is not ready yet. */
    public Edits withoutRng() {
      return new Edits(pageSize, runningAddress, initrd, crash, cmdline, OptionalLong.empty());
    }
  }

  /**
   * The blob to hand over.
   *
   * @param running the running machine's tree (/sys/firmware/fdt)
   * @throws io.github.kexecsim.loader.error.KexecException {@link Reason#BAD_DEVICE_TREE} where the
   *     kernel fails with EINVAL: linux,initrd-start without -end; in a crash load, cells of the
   *     root that are not 1 or 2, or a region that does not fit them
   */
  public static byte[] setup(FlattenedDeviceTree running, Edits edits) {
    FdtEditor fdt = FdtEditor.open(running);
    if (edits.runningAddress().isPresent()) {
      fdt.delMemRsv(new FdtRegion(edits.runningAddress().getAsLong(), running.totalsize()));
    }
    if (!fdt.hasNode(CHOSEN)) {
      fdt.addSubnode("/", "chosen");
    }
    fdt.delProp(CHOSEN, "linux,elfcorehdr");
    fdt.delProp(CHOSEN, USABLE_MEMORY_RANGE);
    dropInitrdReservation(fdt, running, edits.pageSize());
    setInitrd(fdt, edits.initrd().filter(region -> region.address() != 0));
    edits.crash().ifPresent(crash -> setCrash(fdt, running.root(), crash));
    if (edits.cmdline().isPresent()) {
      fdt.setProp(CHOSEN, "bootargs", cString(edits.cmdline().get()));
    } else {
      fdt.delProp(CHOSEN, "bootargs");
    }
    fdt.delProp(CHOSEN, "kaslr-seed");
    edits.rngSeed().ifPresent(seed -> setSeeds(fdt, seed));
    fdt.setEmpty(CHOSEN, "linux,booted-from-kexec");
    return fdt.pack();
  }

  /** A former kexec reserved exactly the initrd's length, firmware may have reserved its pages. */
  private static void dropInitrdReservation(
      FdtEditor fdt, FlattenedDeviceTree running, int pageSize) {
    Optional<FdtNode> chosen = running.node(CHOSEN);
    Optional<FdtProperty> start = chosen.flatMap(node -> node.property("linux,initrd-start"));
    if (start.isEmpty()) {
      return;
    }
    FdtProperty end =
        chosen
            .flatMap(node -> node.property("linux,initrd-end"))
            .orElseThrow(
                () -> FdtErrors.unfit("/chosen has linux,initrd-start without linux,initrd-end"));
    long from = start.get().number();
    long size = end.number() - from;
    if (!fdt.delMemRsv(new FdtRegion(from, size))) {
      long pages = Alignment.up(size, pageSize);
      fdt.delMemRsv(new FdtRegion(from, pages));
    }
  }

  private static void setInitrd(FdtEditor fdt, Optional<FdtRegion> initrd) {
    if (initrd.isPresent()) {
      FdtRegion region = initrd.get();
      fdt.setU64(CHOSEN, "linux,initrd-start", region.address());
      fdt.setU64(CHOSEN, "linux,initrd-end", region.address() + region.size());
      fdt.addMemRsv(region);
    } else {
      fdt.delProp(CHOSEN, "linux,initrd-start");
      fdt.delProp(CHOSEN, "linux,initrd-end");
    }
  }

  private static void setCrash(FdtEditor fdt, FdtNode root, Crash crash) {
    appendRegion(fdt, root, "linux,elfcorehdr", crash.elfcorehdr());
    fdt.addMemRsv(crash.elfcorehdr());
    appendRegion(fdt, root, USABLE_MEMORY_RANGE, crash.region());
    crash.lowRegion().ifPresent(low -> appendRegion(fdt, root, USABLE_MEMORY_RANGE, low));
  }

  private static void appendRegion(FdtEditor fdt, FdtNode root, String name, FdtRegion region) {
    int addressCells = root.addressCells();
    int sizeCells = root.sizeCells();
    if (addressCells > 2 || sizeCells < 1 || sizeCells > 2) {
      throw FdtErrors.unfit(
          String.format(
              "the root has #address-cells %x and #size-cells %x, expected 1 or 2",
              addressCells, sizeCells));
    }
    boolean addressFits = addressCells == 2 || endsInOneCell(region);
    boolean sizeFits = sizeCells == 2 || isOneCell(region.size());
    if (!addressFits || !sizeFits) {
      throw FdtErrors.unfit(
          String.format("%s: %s does not fit the root's cells of 32 bits", name, region));
    }
    ByteBuffer value = ByteBuffer.allocate(4 * (addressCells + sizeCells));
    put(value, addressCells, region.address());
    put(value, sizeCells, region.size());
    fdt.appendProp(CHOSEN, name, value.array());
  }

  private static boolean isOneCell(long value) {
    return value >= 0 && value <= MAX_CELL;
  }

  private static boolean endsInOneCell(FdtRegion region) {
    return isOneCell(region.address())
        && Long.compareUnsigned(region.size(), MAX_CELL + 1 - region.address()) <= 0;
  }

  private static void put(ByteBuffer value, int cells, long number) {
    if (cells == 1) {
      value.putInt((int) number);
    } else {
      value.putLong(number);
    }
  }

  private static byte[] cString(String text) {
    int nul = text.indexOf('\0');
    String line = nul < 0 ? text : text.substring(0, nul);
    return (line + '\0').getBytes(StandardCharsets.UTF_8);
  }

  /** java.util.Random, because its sequence is specified: the same on every JDK. */
  private static void setSeeds(FdtEditor fdt, long seed) {
    Random random = new Random(seed);
    fdt.setU64(CHOSEN, "kaslr-seed", random.nextLong());
    byte[] rngSeed = new byte[RNG_SEED_SIZE];
    random.nextBytes(rngSeed);
    fdt.setProp(CHOSEN, "rng-seed", rngSeed);
  }
}
