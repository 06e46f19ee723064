package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.pe.PeWriter;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.uki.Addon;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** EFI applications on machines with 16 MiB at 16 MiB and 1 MiB at 4 GiB. */
class FirmwareLoaderTest {
  private static final long HIGH_END = 0x1_0010_0000L;

  @ParameterizedTest
  @EnumSource
  void anEfiApplicationIsMappedInTheHighestPages(Architecture architecture) {
    ByteView file = ByteView.of(image(PeMachine.of(architecture)).write());
    FirmwareLoad load = FirmwareLoader.load(LoadRequest.of(file, machine(architecture)));

    MappedPe image = load.mapped().orElseThrow();
    assertThat(image.base()).isEqualTo(HIGH_END - 0x4000);
    KexecSegment segment = load.plan().placed().orElseThrow().segments().get(0);
    assertThat(segment.role()).isEqualTo(SegmentRole.KERNEL);
    assertThat(segment.range()).isEqualTo(image.range());
    assertThat(segment.content()).contains(image.content());
    assertThat(load.plan().placed().orElseThrow().entry()).isEqualTo(image.base() + 0x1000);
    assertThat(load.objections()).isEmpty();
  }

  @Test
  void imageThatDoesNotFitHighGoesBelow() {
    PeWriter writer = image(PeMachine.X86_64).sizeOfImage(0x20_0000);
    assertThat(load(writer).mapped().orElseThrow().base()).isEqualTo(0x200_0000 - 0x20_0000);
  }

  @Test
  void segmentIsMadeOfWholePages() {
    PeWriter writer = image(PeMachine.X86_64).sizeOfImage(0x3801);
    KexecSegment segment = load(writer).plan().placed().orElseThrow().segments().get(0);
    assertThat(segment.memsz()).isEqualTo(0x4000);
    assertThat(segment.bufsz()).isEqualTo(0x3801);
  }

  @Test
  void nothingIsTakenOff() {
    byte[] file = image(PeMachine.X86_64).write();
    FirmwareLoad load = FirmwareLoader.load(LoadRequest.of(ByteView.of(file), machine()));
    assertThat(load.plan().isLoadable()).isTrue();
    assertThat(load.plan().layers()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "0, LIMIT_EXCEEDED, 0x40000000",
    "0, NO_ROOM, 0x2000000",
    "0, BAD_HEADER, 0x3000",
  })
  void sizeIsHeldAgainstLimitsMemoryAndSections(long base, Reason reason, String size) {
    PeWriter writer = image(PeMachine.X86_64).imageBase(base).sizeOfImage(Long.decode(size));
    assertThat(refusal(writer)).isEqualTo(reason);
  }

  @Test
  void onlyEfiApplicationsOfTheMachineAreStarted() {
    assertThat(refusal(image(PeMachine.ARM64))).isEqualTo(Reason.WRONG_ARCHITECTURE);
    assertThat(refusal(image(PeMachine.I386))).isEqualTo(Reason.WRONG_ARCHITECTURE);
    for (int subsystem : new int[] {0, 3, 9, 13, 0xffff}) {
      assertThat(refusal(image(PeMachine.X86_64).subsystem(subsystem)))
          .isEqualTo(Reason.UNSUPPORTED_IMAGE);
    }
    assertThat(load(image(PeMachine.X86_64).subsystem(12)).plan().isLoadable()).isTrue();
    LoadRequest text = LoadRequest.of(ByteView.of(new byte[4096]), machine());
    assertThat(FirmwareLoader.load(text).plan().refusal().orElseThrow().reason())
        .isEqualTo(Reason.UNSUPPORTED_IMAGE);
  }

  @Test
  void crashKernelsAreNotFirmwares() {
    LoadRequest request =
        LoadRequest.of(ByteView.of(image(PeMachine.X86_64).write()), machine())
            .withType(LoadType.CRASH);
    assertThat(FirmwareLoader.load(request).plan().refusal().orElseThrow().reason())
        .isEqualTo(Reason.UNSUPPORTED_STRATEGY);
  }

  @Test
  void limitIsTheCallers() {
    LoadRequest request =
        LoadRequest.of(ByteView.of(image(PeMachine.X86_64).write()), machine())
            .withLimits(Limits.DEFAULT.with(Limit.LAYERS, 1).with(Limit.DECOMPRESSED, 0x3fff));
    assertThat(FirmwareLoader.load(request).plan().refusal().orElseThrow().reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void whatIsNotHandedOverIsToldOf() {
    LoadRequest request =
        LoadRequest.of(ByteView.of(image(PeMachine.X86_64).write()), machine())
            .withInitrd(ByteView.of(new byte[1]))
            .withCommandLine("quiet");
    // The initrd, the command line, and the BSS.
    assertThat(FirmwareLoader.load(request).plan().warnings()).hasSize(3);
  }

  @Test
  void whatIsForAUkisStubIsToldOf() {
    ByteView tree = ByteView.of(new byte[1]);
    Addon addon =
        Addon.parse(
            "a.addon.efi",
            ByteView.of(
                new PeWriter(PeMachine.X86_64)
                    .section(".cmdline", 0x1000, tree, Section.INITIALIZED_DATA | Section.READ)
                    .write()));
    byte[] plain = image(PeMachine.X86_64).write();
    byte[] uki =
        image(PeMachine.X86_64)
            .section(".linux", 0x4000, tree, Section.INITIALIZED_DATA | Section.READ)
            .write();
    for (UkiOptions options :
        List.of(
            new UkiOptions(Optional.of("1"), List.of(), false),
            new UkiOptions(Optional.empty(), List.of(addon), false),
            new UkiOptions(Optional.empty(), List.of(), true))) {
      for (byte[] file : List.of(plain, uki)) {
        // One more for each of the options, UKI or not.
        assertThat(warnings(file, options)).hasSize(1 + warnings(file, UkiOptions.DEFAULT).size());
      }
    }
    assertThat(warnings(plain, new UkiOptions(Optional.of("1"), List.of(addon), true)))
        .hasSize(2 + warnings(plain, UkiOptions.DEFAULT).size());
  }

  private static List<String> warnings(byte[] file, UkiOptions options) {
    LoadRequest request =
        new LoadRequest(
            ByteView.of(file),
            machine(),
            Optional.empty(),
            Optional.empty(),
            LoadType.DEFAULT,
            Limits.DEFAULT,
            0,
            options);
    LoadPlan plan = FirmwareLoader.load(request).plan();
    assertThat(plan.isLoadable()).isTrue();
    return plan.warnings();
  }

  @ParameterizedTest
  @EnumSource
  void aPackedImageIsStartedInVain(Architecture architecture) {
    byte[] zboot = ZbootWriter.write(architecture, "gzip", ByteView.of(new byte[64]), 4096);
    List<String> packed = warnings(zboot, architecture);
    PeHeader pe = PeHeader.find(ByteView.of(zboot)).orElseThrow();
    // In .text files of this layout have every byte where memory has it.
    zboot[(int) pe.addressOfEntryPoint()] ^= 1;
    List<String> stubbed = warnings(zboot, architecture);

    assertThat(packed).hasSize(stubbed.size() + 1).containsAll(stubbed);
  }

  private static List<String> warnings(byte[] file, Architecture architecture) {
    FirmwareLoad load =
        FirmwareLoader.load(LoadRequest.of(ByteView.of(file), machine(architecture)));
    assertThat(load.plan().isLoadable()).isTrue();
    return load.plan().warnings();
  }

  @Test
  void mappedImageBelongsToAPlanThatLoads() {
    LoadPlan refused = load(image(PeMachine.ARM64)).plan();
    FirmwareLoad loaded = load(image(PeMachine.X86_64));
    assertThatThrownBy(() -> new FirmwareLoad(refused, loaded.mapped()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new FirmwareLoad(loaded.plan(), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static PeWriter image(PeMachine machine) {
    return new PeWriter(machine)
        .section(
            ".text",
            0x1000,
            ByteView.of(new byte[0x200]),
            Section.CODE | Section.READ | Section.EXECUTE)
        .section(
            ".data",
            0x2000,
            0x1800,
            ByteView.of(new byte[0x200]),
            Section.INITIALIZED_DATA | Section.READ | Section.WRITE);
  }

  private static FirmwareLoad load(PeWriter writer) {
    return FirmwareLoader.load(LoadRequest.of(ByteView.of(writer.write()), machine()));
  }

  private static Reason refusal(PeWriter writer) {
    return load(writer).plan().refusal().orElseThrow().reason();
  }

  private static Machine machine() {
    return machine(Architecture.X86_64);
  }

  private static Machine machine(Architecture architecture) {
    return new MachineBuilder(architecture)
        .iomem(Iomem.parse("01000000-01ffffff : System RAM\n100000000-1000fffff : System RAM\n"))
        .build();
  }
}
