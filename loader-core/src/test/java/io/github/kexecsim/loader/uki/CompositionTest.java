package io.github.kexecsim.loader.uki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeMachine;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompositionTest {
  private static UkiBuilder uki() {
    return UkiBuilder.of(PeMachine.ARM64).section(".linux", "kernel");
  }

  private static UkiBuilder addon() {
    return UkiBuilder.of(PeMachine.ARM64);
  }

  private static Composition compose(UkiBuilder uki, Addon... addons) {
    return compose(uki, Given.NOTHING, Optional.empty(), addons);
  }

  private static Composition compose(
      UkiBuilder uki, Given given, Optional<FlattenedDeviceTree> machineTree, Addon... addons) {
    ByteView file = uki.view();
    ProfileSections sections =
        Profiles.of(PeHeader.find(file).orElseThrow().sections()).byDefault();
    return Composition.of(file, sections, List.of(addons), given, machineTree, Limits.DEFAULT);
  }

  private static ByteView bytes(String text) {
    return ByteView.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<FlattenedDeviceTree> machine(String... compatible) {
    return Optional.of(FlattenedDeviceTree.parse(ByteView.of(tree(compatible))));
  }

  private static byte[] tree(String... compatible) {
    return new FdtBuilder().string("compatible", compatible).build();
  }

  private static List<String> initrds(Composition composition) {
    return composition.initrds().stream().map(part -> text(part.bytes())).toList();
  }

  private static String text(ByteView bytes) {
    return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
  }

  private static Given commandLine(String line) {
    return new Given(Optional.empty(), Optional.of(line), false);
  }

  @Test
  void microcodeGoesFirstAndAddonsStandAroundTheRest() {
    Composition composition =
        compose(
            uki().section(".initrd", "initrd").section(".ucode", "ucode"),
            addon().section(".ucode", "u2").section(".initrd", "i2").addon("2.addon.efi"),
            addon().section(".ucode", "u1").addon("1.addon.efi"),
            addon().section(".initrd", "i3").addon("3.addon.efi"));
    assertThat(initrds(composition)).containsExactly("u2", "u1", "ucode", "initrd", "i2", "i3");
    assertThat(text(composition.initrd().orElseThrow()))
        .isEqualTo("u2\0\0u1\0\0ucode\0\0\0initrd\0\0i2\0\0i3\0\0");
    assertThat(composition.initrds()).allMatch(part -> !part.why().isEmpty());
  }

  @Test
  void aSingleInitrdIsNotPadded() {
    Composition composition = compose(uki().section(".initrd", "odd"));
    assertThat(composition.initrd()).contains(bytes("odd"));
    assertThat(compose(uki()).initrd()).isEmpty();
  }

  @Test
  void theFilesPaddingIsLeftOut() {
    Composition composition = compose(uki().section(".initrd", "12345"));
    assertThat(composition.kernel().bytes()).isEqualTo(bytes("kernel"));
    assertThat(composition.initrds().get(0).bytes().size()).isEqualTo(5);
  }

  @Test
  void sizesInMemoryBeyondTheDataAreNotBelieved() {
    Composition composition = compose(uki().sized(".initrd", 0x10000, new byte[0x200]));
    assertThat(composition.initrds().get(0).bytes().size()).isEqualTo(0x200);
  }

  @Test
  void whatIsGivenTakesThePlaceOfTheUkisOwn() {
    Given given = new Given(Optional.of(bytes("mine")), Optional.of("quiet"), true);
    UkiBuilder uki =
        uki()
            .section(".cmdline", "root=/dev/sda")
            .section(".initrd", "initrd")
            .section(".ucode", "ucode")
            .section(".dtb", tree("a"));
    Composition composition =
        compose(
            uki,
            given,
            Optional.empty(),
            addon().section(".cmdline", "debug").section(".initrd", "more").addon("a.addon.efi"));
    assertThat(initrds(composition)).containsExactly("mine", "more");
    assertThat(composition.initrds().get(0).from()).isEqualTo(Part.GIVEN);
    assertThat(composition.commandLine().text()).isEqualTo("quiet debug");
    assertThat(composition.commandLine().from()).startsWith(Part.GIVEN);
    assertThat(composition.deviceTree().bytes()).isEmpty();
    assertThat(composition.deviceTree().why()).contains(".dtb");
  }

  @Test
  void anEmptyCommandLineThatIsGivenCountsToo() {
    UkiBuilder uki = uki().section(".cmdline", "quiet");
    assertThat(compose(uki, commandLine(""), Optional.empty()).commandLine().text()).isEmpty();
    assertThat(compose(uki).commandLine().text()).isEqualTo("quiet");
    assertThat(compose(uki()).commandLine().text()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'  a b \n', a b",
    "'a\tb\nc', a b c",
    "'a\0b', a",
    "'a\u007fb', a b",
    "'a  b', a  b",
    "'\n', ''",
    "'ä\uD83D\uDE00ö', äö"
  })
  void commandLinesAreCleanedUpAsTheStubDoes(String section, String expected) {
    assertThat(compose(uki().section(".cmdline", section)).commandLine().text())
        .isEqualTo(expected);
  }

  @Test
  void whatIsNotUtf8IsSkipped() {
    byte[] line = {'a', (byte) 0xff, 'b', (byte) 0xc3};
    assertThat(compose(uki().section(".cmdline", line)).commandLine().text()).isEqualTo("ab");
  }

  @Test
  void addonsForAnotherKernelAreLeftOut() {
    UkiBuilder uki = uki().section(".uname", "6.12.1").section(".cmdline", "a");
    Addon other = addon().section(".uname", "6.12.2").section(".cmdline", "b").addon("b");
    Addon same = addon().section(".uname", "6.12.1").section(".cmdline", "c").addon("c");
    Addon any = addon().section(".cmdline", "d").addon("d");
    Composition composition = compose(uki, any, same, other);
    assertThat(composition.commandLine().text()).isEqualTo("a c d");
    assertThat(composition.notes()).hasSize(1);
    assertThat(compose(uki(), other).commandLine().text()).isEqualTo("b");
  }

  @Test
  void addonsForAnotherMachineAreLeftOut() {
    Addon other = UkiBuilder.of(PeMachine.X86_64).section(".cmdline", "b").addon("b");
    Composition composition = compose(uki().section(".cmdline", "a"), other);
    assertThat(composition.commandLine().text()).isEqualTo("a");
    assertThat(composition.notes()).hasSize(1);
  }

  @Test
  void theTreeForTheMachineIsChosen() {
    UkiBuilder uki =
        uki()
            .section(".dtb", tree("plain"))
            .section(".dtbauto", tree("acme,one", "acme,soc"))
            .section(".dtbauto", tree("acme,two", "acme,soc"));
    Optional<FlattenedDeviceTree> two = machine("acme,two", "acme,other");
    Composition chosen = compose(uki, Given.NOTHING, two);
    assertThat(chosen.deviceTree().from()).isEqualTo(".dtbauto");
    assertThat(chosen.deviceTree().bytes()).contains(ByteView.of(tree("acme,two", "acme,soc")));

    Optional<FlattenedDeviceTree> soc = machine("acme,soc", "acme,two");
    assertThat(compose(uki, Given.NOTHING, soc).deviceTree().from()).isEqualTo(".dtb");
    Composition without = compose(uki);
    assertThat(without.deviceTree().from()).isEqualTo(".dtb");
    assertThat(without.notes()).hasSize(1);
  }

  /** Of an arm64 machine it is only not known. */
  @Test
  void withoutAnyTreeItIsTheMachinesUnlessThatHasNone() {
    UkiBuilder x86 = UkiBuilder.of(PeMachine.X86_64).section(".linux", "kernel");
    UkiBuilder arm64 = UkiBuilder.of(PeMachine.ARM64).section(".linux", "kernel");
    assertThat(compose(x86).deviceTree().from()).isEqualTo("none");
    assertThat(compose(arm64).deviceTree().from()).isEqualTo("machine");
    assertThat(compose(x86, Given.NOTHING, machine("m")).deviceTree().from()).isEqualTo("machine");
  }

  @Test
  void aProfilesTreeGoesBeforeTheBases() {
    UkiBuilder uki =
        uki()
            .section(".dtbauto", tree("m", "base"))
            .section(".profile", "ID=one")
            .section(".dtbauto", tree("m", "own"));
    Optional<FlattenedDeviceTree> machine = machine("m");
    assertThat(compose(uki, Given.NOTHING, machine).deviceTree().bytes())
        .contains(ByteView.of(tree("m", "own")));
  }

  @Test
  void theLastAddonsTreeReplacesTheOthers() {
    Composition composition =
        compose(
            uki().section(".dtb", tree("own")),
            addon().section(".dtb", tree("1")).addon("1"),
            addon().section(".dtb", tree("2")).addon("2"),
            addon().section(".cmdline", "3").addon("3"));
    assertThat(composition.deviceTree().bytes()).contains(ByteView.of(tree("2")));
  }

  @Test
  void damagedTreesAreNotChosen() {
    UkiBuilder uki =
        uki().section(".dtbauto", "no tree").section(".dtbauto", new FdtBuilder().build());
    Composition composition = compose(uki, Given.NOTHING, machine("m"));
    assertThat(composition.deviceTree().bytes()).isEmpty();
    assertThat(composition.notes()).hasSize(1);
  }

  @Test
  void textsTellWhatItIs() {
    Composition composition =
        compose(
            uki()
                .section(".osrel", "NAME=Debian\nPRETTY_NAME=\"Debian \\\"12\\\"\"\n")
                .section(".uname", "6.1.0-1-arm64\n")
                .section(".efifw", "firmware")
                .section(".profile", "ID=x\n"));
    assertThat(composition.osName()).contains("Debian \"12\"");
    assertThat(composition.uname()).contains("6.1.0-1-arm64");
    assertThat(composition.profileId()).contains("x");
    assertThat(composition.notes()).hasSize(1);
  }

  @Test
  void whatDoesNotHoldIsRefused() {
    assertRefused(Reason.BAD_HEADER, addon().section(".cmdline", "a"));
    assertRefused(
        Reason.BAD_HEADER, uki().section(".profile", "ID=x").sized(".linux", 0, new byte[0]));
    assertRefused(Reason.LIMIT_EXCEEDED, uki().section(".cmdline", new byte[(1 << 20) + 1]));
  }

  private static void assertRefused(Reason reason, UkiBuilder uki) {
    assertThatThrownBy(() -> compose(uki))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void addonsThatAStubIgnoresAreRefused() {
    assertThatThrownBy(() -> uki().section(".cmdline", "a").addon("uki"))
        .isInstanceOf(KexecException.class);
    assertThatThrownBy(() -> addon().section(".osrel", "a").addon("nothing"))
        .isInstanceOf(KexecException.class);
    assertThatThrownBy(() -> Addon.parse("text", bytes("root=/dev/sda")))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_FORMAT));
  }
}
