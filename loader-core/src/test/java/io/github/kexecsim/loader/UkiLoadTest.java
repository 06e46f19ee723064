package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.ImageFixtures;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.uki.Part;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A UKI is loaded with what it has, but for what is given. */
class UkiLoadTest {
  private static final byte[] KERNEL = ImageFixtures.arm64();

  /** Both loaders go by the same rule. */
  static Stream<Arguments> loaders() {
    Function<LoadRequest, LoadPlan> kernel = KexecFileLoader::load;
    Function<LoadRequest, LoadPlan> user = UserLoader::load;
    return Stream.of(Arguments.of("kernel", kernel), Arguments.of("user", user));
  }

  private static UkiBuilder uki() {
    return UkiBuilder.of(PeMachine.ARM64)
        .section(".osrel", "ID=test")
        .section(".cmdline", "root=/dev/vda")
        .section(".initrd", "initrd")
        .section(".ucode", "ucode")
        .section(".dtb", tree("uki"))
        .section(".linux", ImageFixtures.zboot(KERNEL))
        .section(".profile", "ID=main")
        .section(".profile", "ID=reset")
        .section(".cmdline", "reset");
  }

  private static byte[] tree(String compatible) {
    return new FdtBuilder()
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .string("compatible", compatible)
        .build();
  }

  private static Machine machine(Architecture architecture) {
    return new MachineBuilder(architecture)
        .iomem(Iomem.parse("40000000-7fffffff : System RAM\n"))
        .deviceTree(ByteView.of(tree("machine")))
        .build();
  }

  private static LoadRequest request(UkiBuilder uki) {
    return LoadRequest.of(uki.view(), machine(Architecture.ARM64));
  }

  private static ByteView bytes(String text) {
    return ByteView.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static ByteView content(LoadPlan plan, SegmentRole role) {
    return plan.placed().orElseThrow().segments().stream()
        .filter(segment -> segment.role() == role)
        .map(KexecSegment::content)
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow();
  }

  private static String compatible(LoadPlan plan) {
    return FlattenedDeviceTree.parse(content(plan, SegmentRole.DTB))
        .root()
        .property("compatible")
        .orElseThrow()
        .string();
  }

  private static String bootargs(LoadPlan plan) {
    return FlattenedDeviceTree.parse(content(plan, SegmentRole.DTB))
        .node("/chosen")
        .orElseThrow()
        .property("bootargs")
        .orElseThrow()
        .string();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("loaders")
  void everythingIsTakenFromTheUki(String name, Function<LoadRequest, LoadPlan> loader) {
    LoadPlan plan = loader.apply(request(uki()));
    assertThat(plan.layers())
        .extracting(layer -> layer.image().format())
        .containsExactly("uki", "zboot", "arm64-image");
    assertThat(content(plan, SegmentRole.KERNEL)).isEqualTo(ByteView.of(KERNEL));
    assertThat(content(plan, SegmentRole.INITRD)).isEqualTo(bytes("ucode\0\0\0initrd\0\0"));
    assertThat(bootargs(plan)).isEqualTo("root=/dev/vda");
    assertThat(compatible(plan)).isEqualTo("uki");
    assertThat(plan.commandLine()).isEqualTo("root=/dev/vda");
    assertThat(plan.warnings()).anyMatch(warning -> warning.contains("device tree"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("loaders")
  void whatIsGivenWins(String name, Function<LoadRequest, LoadPlan> loader) {
    LoadRequest.UkiOptions tree = new LoadRequest.UkiOptions(Optional.empty(), List.of(), true);
    LoadPlan plan =
        loader.apply(
            request(uki()).withInitrd(bytes("mine")).withCommandLine("quiet").withUki(tree));
    assertThat(content(plan, SegmentRole.INITRD)).isEqualTo(bytes("mine"));
    assertThat(bootargs(plan)).isEqualTo("quiet");
    assertThat(compatible(plan)).isEqualTo("machine");
    assertThat(plan.composition().orElseThrow().initrds())
        .extracting(Part::from)
        .containsExactly(Part.GIVEN);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("loaders")
  void profilesAndAddonsAreTaken(String name, Function<LoadRequest, LoadPlan> loader) {
    UkiBuilder addon =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".cmdline", "debug")
            .section(".initrd", "more")
            .section(".dtb", tree("addon"));
    LoadPlan plan =
        loader.apply(
            request(uki()).withProfile("1").withAddons(List.of(addon.addon("a.addon.efi"))));
    assertThat(bootargs(plan)).isEqualTo("reset debug");
    assertThat(content(plan, SegmentRole.INITRD)).isEqualTo(bytes("ucode\0\0\0initrd\0\0more"));
    assertThat(compatible(plan)).isEqualTo("addon");
  }

  @Test
  void layersThatAreKnownAreNotPeeledAgain() {
    LoadRequest request = request(uki());
    List<Layer> peeled = Layers.of(request.image(), Limits.DEFAULT);
    LoadPlan plan = KexecFileLoader.load(request.withProfile("1"), peeled, (consumed, made) -> {});
    assertThat(plan.layers()).hasSize(3);
    assertThat(plan.commandLine()).isEqualTo("reset");
    LoadPlan fromOutermost =
        KexecFileLoader.load(request, peeled.subList(0, 1), (consumed, made) -> {});
    assertThat(fromOutermost.placed().orElseThrow().segments())
        .isEqualTo(KexecFileLoader.load(request).placed().orElseThrow().segments());
  }

  @Test
  void aWrappedUkiIsOpenedToo() {
    ByteView file = ByteView.of(ImageFixtures.gzip(uki().build()));
    LoadPlan plan = KexecFileLoader.load(LoadRequest.of(file, machine(Architecture.ARM64)));
    assertThat(plan.layers()).hasSize(4);
    assertThat(bootargs(plan)).isEqualTo("root=/dev/vda");
  }

  @Test
  void ofAUkiInsideAnotherTheKernelIsTaken() {
    UkiBuilder outer =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".cmdline", "outer")
            .section(".linux", uki().build());
    LoadPlan plan = KexecFileLoader.load(request(outer));
    assertThat(content(plan, SegmentRole.KERNEL)).isEqualTo(ByteView.of(KERNEL));
    assertThat(bootargs(plan)).isEqualTo("outer");
  }

  @Test
  void aBzImageInsideIsLoadedAsItIs() {
    byte[] kernel = ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()));
    UkiBuilder uki =
        UkiBuilder.of(PeMachine.X86_64)
            .section(".cmdline", "quiet")
            .section(".dtb", tree("uki"))
            .section(".linux", kernel);
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .iomem(Iomem.parse("00100000-7fffffff : System RAM\n"))
            .build();
    LoadPlan plan = KexecFileLoader.load(LoadRequest.of(uki.view(), machine));
    assertThat(plan.layers())
        .extracting(layer -> layer.image().format())
        .containsExactly("uki", "bzImage");
    assertThat(plan.placed().orElseThrow().commandLine()).isEqualTo("quiet");
    assertThat(plan.warnings()).anyMatch(warning -> warning.contains("device tree is left out"));
  }

  /** Nobody reads it: a load on x86 hands no device tree over. */
  @Test
  void aBrokenDeviceTreeIsNoMatterOnX86() {
    UkiBuilder uki =
        UkiBuilder.of(PeMachine.X86_64)
            .section(".dtb", "no tree")
            .section(".linux", ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf())));
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .iomem(Iomem.parse("00100000-7fffffff : System RAM\n"))
            .build();
    LoadPlan plan = KexecFileLoader.load(LoadRequest.of(uki.view(), machine));
    assertThat(plan.isLoadable()).isTrue();
    assertThat(plan.warnings()).anyMatch(warning -> warning.contains("device tree is left out"));
    assertThat(plan.layers().get(0).findings())
        .extracting(Finding::flaw)
        .contains(Flaw.BAD_DEVICE_TREE);
  }

  @Test
  void refusalsShowTheUki() {
    LoadPlan none = KexecFileLoader.load(request(uki()).withProfile("2"));
    assertThat(none.refusal().orElseThrow().reason()).isEqualTo(Reason.NO_SUCH_PROFILE);
    assertThat(none.layers()).hasSize(1);

    LoadPlan broken = KexecFileLoader.load(request(uki().section(".dtb", "no tree")));
    assertThat(broken.isLoadable()).isTrue();
    UkiBuilder bad =
        UkiBuilder.of(PeMachine.ARM64).section(".dtb", "no tree").section(".linux", KERNEL);
    Refusal refusal = KexecFileLoader.load(request(bad)).refusal().orElseThrow();
    assertThat(refusal.reason()).isIn(Reason.BAD_DEVICE_TREE, Reason.TRUNCATED);
  }

  @Test
  void anImageThatIsNoUkiHasNoProfiles() {
    LoadRequest plain = LoadRequest.of(ByteView.of(KERNEL), machine(Architecture.ARM64));
    LoadPlan plan = KexecFileLoader.load(plain.withProfile("1"));
    assertThat(plan.composition()).isEmpty();
    assertThat(plan.warnings()).hasSizeGreaterThan(KexecFileLoader.load(plain).warnings().size());
  }
}
