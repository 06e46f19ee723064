package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.record.MachineSection;
import io.github.kexecsim.sample.SampleMachines;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Chooses the machine that a load is planned for. */
final class MachineOptions {
  static final Option ARCH =
      Option.of(
          "ARCH",
          "The machine's architecture: " + architectures() + "; the image's unless told.",
          "--arch");
  static final Option MACHINE =
      Option.of(
          "FILE",
          "The machine, as the machine section of a recorded load describes it (JSON).",
          "--machine");
  static final Option IOMEM =
      Option.of("FILE", "The machine's /proc/iomem, read as root.", "--iomem");
  static final Option MEMBLOCK_MEMORY =
      Option.of("FILE", "Its /sys/kernel/debug/memblock/memory.", "--memblock-memory");
  static final Option MEMBLOCK_RESERVED =
      Option.of("FILE", "Its /sys/kernel/debug/memblock/reserved.", "--memblock-reserved");
  static final Option BOOT_LOG =
      Option.of("FILE", "Its boot log, with e820 or EFI memory map lines.", "--boot-log");
  static final Option DTB =
      Option.of("FILE", "Its device tree, as /sys/firmware/fdt has it.", "--dtb");
  static final Option KERNEL_VERSION =
      Option.of("RELEASE", "Its running kernel's release; 7.2 unless known.", "--kernel-version");
  static final Option PAGE_SIZE =
      Option.of(
          "SIZE",
          "Its running kernel's page size; unless known 16K on loongarch64, 4K elsewhere.",
          "--page-size");
  static final Option CPUS =
      Option.of("N", "How many CPUs it may ever have; 1 unless known.", "--cpus");
  static final Option LA57 =
      Option.flag(
          "x86_64: its CPUs can do 5-level page tables; unless told, only where they are in use.",
          "--la57");
  static final Option CRASHKERNEL =
      Option.of(
          "SIZE@START",
          "The region that it keeps for crash kernels; as /proc/iomem has it unless told.",
          "--crashkernel");

  /** All of them, in the order of the help. */
  static final List<Option> ALL =
      List.of(
          ARCH,
          MACHINE,
          IOMEM,
          MEMBLOCK_MEMORY,
          MEMBLOCK_RESERVED,
          BOOT_LOG,
          DTB,
          KERNEL_VERSION,
          PAGE_SIZE,
          CPUS,
          LA57,
          CRASHKERNEL);

  /** What describes memory, which a machine section does too. */
  private static final List<Option> MEMORY =
      List.of(IOMEM, MEMBLOCK_MEMORY, MEMBLOCK_RESERVED, BOOT_LOG);

  /** What may be said of any machine. */
  private static final List<Option> DETAILS =
      List.of(KERNEL_VERSION, PAGE_SIZE, CPUS, LA57, CRASHKERNEL);

  private static final int SMALLEST_PAGE = 4 << 10;
  private static final int LARGEST_PAGE = 64 << 10;
  private static final int MOST_CPUS = 1 << 16;

  private final Arguments arguments;
  private final InputFiles files;
  private final Host host;
  private final Limits limits;
  private final Optional<Architecture> named;

  /**
   * Checks that the options go together.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  MachineOptions(Arguments arguments, InputFiles files, Host host) {
    this.arguments = arguments;
    this.files = files;
    this.host = host;
    this.limits = LimitOptions.limits(arguments);
    this.named = arguments.value(ARCH).map(MachineOptions::architecture);
    if (arguments.has(MACHINE)) {
      MEMORY.stream().filter(arguments::has).findFirst().ifPresent(MachineOptions::describedTwice);
    }
    if (arguments.has(MEMBLOCK_MEMORY) != arguments.has(MEMBLOCK_RESERVED)) {
      throw Failure.usage(
          MEMBLOCK_MEMORY.name() + " and " + MEMBLOCK_RESERVED.name() + " go together");
    }
  }

  private static void describedTwice(Option option) {
    throw Failure.usage(
        option.name() + " and " + MACHINE.name() + " both describe the machine; give one of them");
  }

  private static String architectures() {
    return Arrays.stream(Architecture.values())
        .map(Architecture::label)
        .collect(Collectors.joining(", "));
  }

  private static Architecture architecture(String name) {
    return Architecture.byName(name)
        .orElseThrow(
            () -> Failure.usage("unknown architecture " + name + "; known are " + architectures()));
  }

  /** The architecture that the options name, or that a machine has which they name. */
  Optional<Architecture> named() {
    return named.isPresent() || !arguments.has(MACHINE)
        ? named
        : Optional.of(fromSection().machine().architecture());
  }

  /**
   * The machine that the options describe; without any, this one where it can be read and is of the
   * right architecture, else the built-in sample of that architecture. What the options say in
   * particular goes before what is known of any of them.
   *
   * @param image the image's architecture; empty where its header does not tell
   * @param builtInImage whether the image is the built-in sample, which goes on a sample machine
   * @throws KexecException when the description is refused
   */
  ChosenMachine choose(Optional<Architecture> image, boolean builtInImage) {
    if (arguments.has(MACHINE)) {
      return fromSection();
    }
    Architecture architecture =
        named.or(() -> image).or(host::architecture).orElse(Architecture.ARM64);
    if (MEMORY.stream().anyMatch(arguments::has) || arguments.has(DTB)) {
      return described(architecture);
    }
    if (builtInImage) {
      return sample(architecture, "");
    }
    return thisOrSample(architecture);
  }

  private ChosenMachine fromSection() {
    InputFile file = read(MACHINE);
    MachineBuilder section = file.parse(text -> MachineSection.builder(file.name(), text, limits));
    ChosenMachine chosen = chosen(section, "from " + names(MACHINE, DTB));
    Architecture architecture = chosen.machine().architecture();
    if (named.isPresent() && named.get() != architecture) {
      throw Failure.usage(
          ARCH.name()
              + " says "
              + named.get()
              + ", but the machine in "
              + file.name()
              + " is "
              + architecture);
    }
    return chosen;
  }

  private ChosenMachine described(Architecture architecture) {
    MachineBuilder builder = new MachineBuilder(architecture).name(architecture + " machine");
    if (arguments.has(IOMEM)) {
      builder.iomem(read(IOMEM).parse(text -> Iomem.parse(text, limits)));
    }
    if (arguments.has(MEMBLOCK_MEMORY)) {
      String reserved = read(MEMBLOCK_RESERVED).text();
      builder.memblock(
          read(MEMBLOCK_MEMORY).parse(memory -> Memblock.parse(memory, reserved, limits)));
    }
    if (arguments.has(BOOT_LOG)) {
      builder.bootLog(read(BOOT_LOG).parse(text -> BootLog.parse(text, limits)));
    }
    String files = names(IOMEM, MEMBLOCK_MEMORY, MEMBLOCK_RESERVED, BOOT_LOG, DTB);
    return chosen(builder, "from " + files);
  }

  /** The files that the options name. */
  private String names(Option... options) {
    return Arrays.stream(options)
        .flatMap(option -> arguments.value(option).stream())
        .collect(Collectors.joining(", "));
  }

  /** A machine with what the options say of it in particular. */
  private ChosenMachine chosen(MachineBuilder builder, String source) {
    if (arguments.has(DTB)) {
      builder.deviceTree(FlattenedDeviceTree.parse(read(DTB).bytes(), limits));
    }
    arguments
        .value(KERNEL_VERSION)
        .map(MachineOptions::kernelVersion)
        .ifPresent(builder::kernelVersion);
    arguments
        .value(PAGE_SIZE)
        .map(size -> (int) ByteCount.parse(PAGE_SIZE, size, SMALLEST_PAGE, LARGEST_PAGE))
        .ifPresent(builder::pageSize);
    arguments
        .value(CPUS)
        .map(count -> (int) ByteCount.parse(CPUS, count, 1, MOST_CPUS))
        .ifPresent(builder::possibleCpus);
    if (arguments.has(LA57)) {
      builder.la57();
    }
    arguments.value(CRASHKERNEL).map(MachineOptions::region).ifPresent(builder::crashRegion);
    String details =
        DETAILS.stream()
            .filter(arguments::has)
            .map(Option::name)
            .collect(Collectors.joining(" and "));
    return new ChosenMachine(
        builder.build(), details.isEmpty() ? source : source + ", but for " + details);
  }

  /** A region in the words of the kernel's own {@code crashkernel=}. */
  private static PhysRange region(String value) {
    String[] parts = value.split("@", -1);
    if (parts.length != 2) {
      throw Failure.usage(
          CRASHKERNEL.name() + ": expected " + CRASHKERNEL.value() + ", not \"" + value + "\"");
    }
    return PhysRange.ofSize(
        ByteCount.parse(CRASHKERNEL, parts[1], 0, PhysRange.LIMIT - 1),
        ByteCount.parse(CRASHKERNEL, parts[0], 1, PhysRange.LIMIT));
  }

  private static KernelVersion kernelVersion(String release) {
    try {
      return KernelVersion.parse(release);
    } catch (KexecException e) {
      throw Failure.usage(KERNEL_VERSION.name() + ": " + e.getMessage() + "; " + e.hint());
    }
  }

  private InputFile read(Option option) {
    return files.read(arguments.required(option));
  }

  private ChosenMachine thisOrSample(Architecture architecture) {
    Optional<Architecture> here = host.architecture();
    if (here.isEmpty() || here.get() != architecture) {
      return sample(architecture, here.map(arch -> "this machine is " + arch).orElse(""));
    }
    try {
      return chosen(
          ThisMachine.read(host.root(), architecture, limits), "from its own /proc and /sys");
    } catch (KexecException e) {
      return sample(architecture, "this machine cannot be read: " + e.getMessage());
    } catch (IOException e) {
      return sample(architecture, "this machine cannot be read: " + e);
    }
  }

  private ChosenMachine sample(Architecture architecture, String why) {
    String source = "built in" + (why.isEmpty() ? "" : " (" + why + ")");
    return chosen(SampleMachines.builder(architecture), source);
  }
}
