package io.github.kexecsim.loader.fdt;

import static io.github.kexecsim.loader.fdt.FlattenedDeviceTreeTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTreeMemoryTest {
  private static DeviceTreeMemory memory(FdtBuilder builder) {
    return DeviceTreeMemory.of(SampleTrees.parse(builder.build()));
  }

  private static FdtBuilder root() {
    return new FdtBuilder().u32("#address-cells", 2).u32("#size-cells", 1);
  }

  @Test
  void readsAMachine() {
    DeviceTreeMemory memory = DeviceTreeMemory.of(SampleTrees.parse(SampleTrees.machine()));

    assertThat(memory.memory()).containsExactly(new FdtRegion(0x4000_0000L, 0x4000_0000L));
    assertThat(memory.reserved())
        .containsExactly(
            new DeviceTreeMemory.Reserved(
                DeviceTreeMemory.MEMRESERVE, new FdtRegion(0x4800_0000L, 0x2345), false, false),
            new DeviceTreeMemory.Reserved(
                "secure@50000000", new FdtRegion(0x5000_0000L, 0x10_0000L), true, false));
    assertThat(memory.dynamic())
        .containsExactly(
            new DeviceTreeMemory.Dynamic(
                "pool",
                0x400_0000L,
                Optional.of(0x20_0000L),
                List.of(new FdtRegion(0x4000_0000L, 0x1000_0000L)),
                false,
                true));
    assertThat(memory.reservedMemoryIgnored()).isFalse();
    assertThat(memory.usable()).isEmpty();
    assertThat(memory.initrd()).isEmpty();
  }

  @Test
  void takesEveryAvailableMemoryNodeInTheTreesOrder() {
    FdtBuilder builder =
        root()
            .beginNode("memory@80000000")
            .string("device_type", "memory")
            .u32("reg", 1, 0x8000_0000L, 0x1000, 0, 0, 0, 0, 0x100, 0x200)
            .endNode()
            .beginNode("memory@1")
            .string("device_type", "memory")
            .string("status", "disabled")
            .u32("reg", 0, 1, 1)
            .endNode()
            .beginNode("memory@2")
            .u32("reg", 0, 2, 2)
            .endNode()
            .beginNode("ram")
            .string("device_type", "memory")
            .u32("reg", 0, 3, 3)
            .u32("linux,usable-memory", 0, 4, 4)
            .endNode();

    assertThat(memory(builder).memory())
        .containsExactly(
            new FdtRegion(0x1_8000_0000L, 0x1000),
            new FdtRegion(0x100, 0x200),
            new FdtRegion(4, 4));
  }

  @Test
  void takesOneCellEachWhereTheRootDoesNotSay() {
    FdtBuilder builder =
        new FdtBuilder()
            .beginNode("memory")
            .string("device_type", "memory")
            .u32("reg", 0x1000, 0x2000)
            .endNode();

    assertThat(memory(builder).memory()).containsExactly(new FdtRegion(0x1000, 0x2000));
  }

  @ParameterizedTest
  @CsvSource({"2, 1, true, false", "2, 1, false, true", "1, 1, true, true", "2, 2, true, true"})
  void ignoresReservedMemoryOfAnotherFormatThanTheRoots(
      int addressCells, int sizeCells, boolean ranges, boolean ignored) {
    FdtBuilder builder =
        root()
            .beginNode("reserved-memory")
            .u32("#address-cells", addressCells)
            .u32("#size-cells", sizeCells);
    if (ranges) {
      builder.empty("ranges");
    }
    builder.beginNode("a").u32("reg", 0, 0x1000, 0x2000).endNode();
    builder.beginNode("b").string("status", "disabled").u32("reg", 0, 1, 1).endNode().endNode();

    DeviceTreeMemory memory = memory(builder);

    assertThat(memory.reservedMemoryIgnored()).isEqualTo(ignored);
    assertThat(memory.reserved()).hasSize(ignored ? 0 : 1);
  }

  @Test
  void readsWhatChosenSays() {
    FdtBuilder builder =
        root()
            .beginNode("chosen")
            .u32("linux,initrd-start", 0x8000_0000L)
            .u64("linux,initrd-end", 0x8000_1001L)
            .u32("linux,usable-memory-range", 0, 0x1000, 0x2000, 0, 0x5000, 0x1000)
            .endNode();

    DeviceTreeMemory memory = memory(builder);

    assertThat(memory.initrd()).contains(new FdtRegion(0x8000_0000L, 0x1001));
    assertThat(memory.usable())
        .containsExactly(new FdtRegion(0x1000, 0x2000), new FdtRegion(0x5000, 0x1000));
  }

  @Test
  void takesNoInitrdThatEndsBeforeItBegins() {
    FdtBuilder builder =
        root()
            .beginNode("chosen")
            .u64("linux,initrd-start", 2)
            .u64("linux,initrd-end", 1)
            .endNode();

    assertThat(memory(builder).initrd()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"reg, 4", "reg, 16", "size, 8", "size, 0"})
  void refusesReservationsOfTheWrongLength(String property, int length) {
    FdtBuilder builder =
        root()
            .beginNode("reserved-memory")
            .u32("#address-cells", 2)
            .u32("#size-cells", 1)
            .empty("ranges")
            .beginNode("a")
            .prop(property, new byte[length])
            .endNode()
            .endNode();

    assertRefused(Reason.BAD_DEVICE_TREE, () -> memory(builder));
  }
}
