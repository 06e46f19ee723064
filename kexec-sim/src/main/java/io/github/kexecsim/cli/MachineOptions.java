package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
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
      Option.of("RELEASE", "Its running kernel's release; 7.2 unless told.", "--kernel-version");
  static final Option PAGE_SIZE =
      Option.of("SIZE", "Its running kernel's page size; 4K unless told.", "--page-size");

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
          PAGE_SIZE);

  private static final List<Option> DESCRIPTIONS =
      List.of(IOMEM, MEMBLOCK_MEMORY, MEMBLOCK_RESERVED, BOOT_LOG, DTB);
  private static final List<Option> DETAILS = List.of(KERNEL_VERSION, PAGE_SIZE);

  private static final int SMALLEST_PAGE = 4 << 10;
  private static final int LARGEST_PAGE = 64 << 10;

  private final Arguments arguments;
  private final InputFiles files;
  private final Host host;
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
    this.named = arguments.value(ARCH).map(MachineOptions::architecture);
    Optional<Option> description = DESCRIPTIONS.stream().filter(arguments::has).findFirst();
    Optional<Option> detail = DETAILS.stream().filter(arguments::has).findFirst();
    if (arguments.has(MACHINE)) {
      description.or(() -> detail).ifPresent(MachineOptions::describedTwice);
    } else if (description.isEmpty() && detail.isPresent()) {
      throw Failure.usage(
          detail.get().name() + " goes with a description of the machine: " + names(DESCRIPTIONS));
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

  private static String names(List<Option> options) {
    return options.stream().map(Option::name).collect(Collectors.joining(", "));
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

  /** The architecture that the options name. */
  Optional<Architecture> named() {
    return named;
  }

  /**
   * The machine that the options describe; without any, this one where it can be read and is of the
   * right architecture, else the built-in sample of that architecture.
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
    if (DESCRIPTIONS.stream().anyMatch(arguments::has)) {
      return described(architecture);
    }
    if (builtInImage) {
      return sample(architecture, "");
    }
    return thisOrSample(architecture);
  }

  private ChosenMachine fromSection() {
    InputFile file = read(MACHINE);
    Machine machine = file.parse(text -> MachineSection.parse(file.name(), text));
    if (named.isPresent() && named.get() != machine.architecture()) {
      throw Failure.usage(
          ARCH.name()
              + " says "
              + named.get()
              + ", but the machine in "
              + file.name()
              + " is "
              + machine.architecture());
    }
    return new ChosenMachine(machine, "from " + file.name());
  }

  private ChosenMachine described(Architecture architecture) {
    String source =
        DESCRIPTIONS.stream()
            .flatMap(option -> arguments.value(option).stream())
            .collect(Collectors.joining(", "));
    MachineBuilder builder = new MachineBuilder(architecture).name(architecture + " machine");
    if (arguments.has(IOMEM)) {
      builder.iomem(read(IOMEM).parse(Iomem::parse));
    }
    if (arguments.has(MEMBLOCK_MEMORY)) {
      String reserved = read(MEMBLOCK_RESERVED).text();
      builder.memblock(read(MEMBLOCK_MEMORY).parse(memory -> Memblock.parse(memory, reserved)));
    }
    if (arguments.has(BOOT_LOG)) {
      builder.bootLog(read(BOOT_LOG).parse(BootLog::parse));
    }
    if (arguments.has(DTB)) {
      builder.deviceTree(read(DTB).bytes());
    }
    arguments
        .value(KERNEL_VERSION)
        .map(MachineOptions::kernelVersion)
        .ifPresent(builder::kernelVersion);
    arguments
        .value(PAGE_SIZE)
        .map(size -> (int) ByteCount.parse(PAGE_SIZE, size, SMALLEST_PAGE, LARGEST_PAGE))
        .ifPresent(builder::pageSize);
    return new ChosenMachine(builder.build(), "from " + source);
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
      return new ChosenMachine(
          ThisMachine.read(host.root(), architecture), "from its own /proc and /sys");
    } catch (KexecException e) {
      return sample(architecture, "this machine cannot be read: " + e.getMessage());
    } catch (IOException e) {
      return sample(architecture, "this machine cannot be read: " + e);
    }
  }

  private static ChosenMachine sample(Architecture architecture, String why) {
    String source = "built in" + (why.isEmpty() ? "" : " (" + why + ")");
    return new ChosenMachine(SampleMachines.machine(architecture), source);
  }
}
