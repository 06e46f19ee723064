package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The machine that this runs on, as its /proc and /sys tell it to root. */
final class ThisMachine {
  /** A note that a load without a purgatory has no use for. */
  static final String PURGATORY_NOTE =
      "the purgatory's size is that of Linux 7.2.13, not of the kernel running here";

  private static final int MAX_CPU = 1 << 16;

  /** The key of the page size in the auxiliary vector ({@code include/uapi/linux/auxvec.h}). */
  private static final long AT_PAGESZ = 6;

  private final Path root;
  private final Limits limits;

  private ThisMachine(Path root, Limits limits) {
    this.root = root;
    this.limits = limits;
  }

  /**
   * Reads it.
   *
   * @param root where /proc and /sys are
   * @param limits those of files, ranges and device trees hold
   * @throws IOException where /proc/iomem cannot be read
   * @throws KexecException where it does not tell, or something else is not what it ought to be
   */
  static MachineBuilder read(Path root, Architecture architecture, Limits limits)
      throws IOException {
    return new ThisMachine(root, limits).read(architecture);
  }

  private MachineBuilder read(Architecture architecture) throws IOException {
    MachineBuilder builder = new MachineBuilder(architecture).name("this machine");
    builder.iomem(Iomem.parse(text("proc/iomem"), limits));
    Optional<String> memory = optionalText("sys/kernel/debug/memblock/memory");
    Optional<String> reserved = optionalText("sys/kernel/debug/memblock/reserved");
    if (memory.isPresent() && reserved.isPresent()) {
      builder.memblock(Memblock.parse(memory.get(), reserved.get(), limits));
    }
    optionalBytes("sys/firmware/fdt")
        .map(blob -> FlattenedDeviceTree.parse(ByteView.of(blob), limits))
        .ifPresent(builder::deviceTree);
    optionalText("proc/sys/kernel/osrelease")
        .map(KernelVersion::parse)
        .ifPresent(builder::kernelVersion);
    optionalText("proc/cmdline").map(String::strip).ifPresent(builder::bootCommandLine);
    optionalBytes("proc/self/auxv").flatMap(ThisMachine::pageSize).ifPresent(builder::pageSize);
    optionalText("sys/devices/system/cpu/possible")
        .flatMap(ThisMachine::count)
        .ifPresent(count -> builder.cpu(Cpu.UNKNOWN.withCount(count)));
    if (architecture == Architecture.X86_64 || architecture == Architecture.RISCV64) {
      builder.note(PURGATORY_NOTE);
    }
    return builder;
  }

  private byte[] bytes(String name) throws IOException {
    try (InputStream in = Files.newInputStream(root.resolve(name))) {
      long most = limits.of(Limit.FILE_SIZE);
      byte[] bytes = in.readNBytes((int) Math.min(most + 1, Limit.FILE_SIZE.most()));
      limits.check(Limit.FILE_SIZE, bytes.length, "the size of /" + name);
      return bytes;
    }
  }

  private String text(String name) throws IOException {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  /** Empty where the kernel has no such file, or does not let us read it. */
  private Optional<byte[]> optionalBytes(String name) {
    try {
      return Optional.of(bytes(name));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Optional<String> optionalText(String name) {
    return optionalBytes(name).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  /** All modelled architectures are 64-bit; little-endian is what their Java runs on. */
  private static Optional<Integer> pageSize(byte[] auxv) {
    ByteView entries = ByteView.of(auxv);
    for (long offset = 0; offset + 16 <= entries.size(); offset += 16) {
      if (entries.u64le(offset) == AT_PAGESZ) {
        return Optional.of((int) entries.u64le(offset + 8));
      }
    }
    return Optional.empty();
  }

  /** How many CPUs a list such as {@code 0-3,8} has; empty where it is not one. */
  private static Optional<Integer> count(String list) {
    int count = 0;
    for (String part : list.strip().split(",")) {
      if (!part.matches("\\d{1,5}(-\\d{1,5})?")) {
        return Optional.empty();
      }
      String[] ends = part.split("-");
      count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
    }
    return count < 1 || count > MAX_CPU ? Optional.empty() : Optional.of(count);
  }
}
