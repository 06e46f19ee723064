package io.github.kexecsim.sample;

import io.github.kexecsim.loader.fdt.FdtBuilder;

/**
 * Device trees of QEMU's machines {@code virt} with one CPU and 1 GiB of memory, cut down to what
 * Linux needs to boot to a console: addresses and interrupts are those of {@code hw/arm/virt.c} and
 * {@code hw/riscv/virt.c} (QEMU 7.2).
 */
final class VirtDeviceTree {
  private static final long GIB = 1L << 30;

  private static final int CLOCK = 1;
  private static final int GIC = 2;

  /** GIC interrupt specifiers: kind, number, trigger. */
  private static final int SPI = 0;

  private static final int PPI = 1;
  private static final int LEVEL_HIGH = 4;
  private static final int TIMER_FLAGS = 0x104;

  private static final int CPU_INTC = 1;
  private static final int PLIC = 2;
  private static final int MACHINE_TIMER = 7;
  private static final int MACHINE_SOFTWARE = 3;
  private static final int SUPERVISOR_EXTERNAL = 9;
  private static final int MACHINE_EXTERNAL = 11;

  private VirtDeviceTree() {}

  static byte[] arm64() {
    return new FdtBuilder()
        .string("compatible", "linux,dummy-virt")
        .string("model", "linux,dummy-virt")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .u32("interrupt-parent", GIC)
        .beginNode("chosen")
        .string("stdout-path", "/pl011@9000000")
        .string("bootargs", "console=ttyAMA0 crashkernel=128M")
        .endNode()
        .beginNode("memory@40000000")
        .string("device_type", "memory")
        .u64("reg", 0x4000_0000L, GIB)
        .endNode()
        .beginNode("cpus")
        .u32("#address-cells", 1)
        .u32("#size-cells", 0)
        .beginNode("cpu@0")
        .string("device_type", "cpu")
        .string("compatible", "arm,cortex-a57")
        .u32("reg", 0)
        .endNode()
        .endNode()
        .beginNode("psci")
        .string("compatible", "arm,psci-1.0", "arm,psci-0.2")
        .string("method", "hvc")
        .endNode()
        .beginNode("timer")
        .string("compatible", "arm,armv8-timer")
        .empty("always-on")
        .u32(
            "interrupts",
            new long[] {
              PPI, 13, TIMER_FLAGS, PPI, 14, TIMER_FLAGS, PPI, 11, TIMER_FLAGS, PPI, 10, TIMER_FLAGS
            })
        .endNode()
        .beginNode("apb-pclk")
        .string("compatible", "fixed-clock")
        .u32("#clock-cells", 0)
        .u32("clock-frequency", 24_000_000)
        .string("clock-output-names", "clk24mhz")
        .u32("phandle", CLOCK)
        .endNode()
        .beginNode("intc@8000000")
        .string("compatible", "arm,cortex-a15-gic")
        .u32("#address-cells", 0)
        .u32("#interrupt-cells", 3)
        .empty("interrupt-controller")
        .u64("reg", 0x800_0000L, 0x1_0000L, 0x801_0000L, 0x1_0000L)
        .u32("phandle", GIC)
        .endNode()
        .beginNode("pl011@9000000")
        .string("compatible", "arm,pl011", "arm,primecell")
        .u64("reg", 0x900_0000L, 0x1000L)
        .u32("interrupts", SPI, 1, LEVEL_HIGH)
        .string("clock-names", "uartclk", "apb_pclk")
        .u32("clocks", CLOCK, CLOCK)
        .endNode()
        .build();
  }

  static byte[] riscv64() {
    return new FdtBuilder()
        .string("compatible", "riscv-virtio")
        .string("model", "riscv-virtio,qemu")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .beginNode("chosen")
        .string("stdout-path", "/soc/serial@10000000")
        .string("bootargs", "console=ttyS0 crashkernel=128M")
        .endNode()
        .beginNode("memory@80000000")
        .string("device_type", "memory")
        .u64("reg", 0x8000_0000L, GIB)
        .endNode()
        .beginNode("reserved-memory")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .empty("ranges")
        .beginNode("mmode_resv0@80000000")
        .u64("reg", 0x8000_0000L, 0x8_0000L)
        .empty("no-map")
        .endNode()
        .endNode()
        .beginNode("cpus")
        .u32("#address-cells", 1)
        .u32("#size-cells", 0)
        .u32("timebase-frequency", 10_000_000)
        .beginNode("cpu@0")
        .string("device_type", "cpu")
        .string("compatible", "riscv")
        .u32("reg", 0)
        .string("riscv,isa", "rv64imafdc")
        .string("mmu-type", "riscv,sv48")
        .beginNode("interrupt-controller")
        .string("compatible", "riscv,cpu-intc")
        .u32("#address-cells", 0)
        .u32("#interrupt-cells", 1)
        .empty("interrupt-controller")
        .u32("phandle", CPU_INTC)
        .endNode()
        .endNode()
        .endNode()
        .beginNode("soc")
        .string("compatible", "simple-bus")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .empty("ranges")
        .beginNode("test@100000")
        .string("compatible", "sifive,test1", "sifive,test0", "syscon")
        .u64("reg", 0x10_0000L, 0x1000L)
        .endNode()
        .beginNode("clint@2000000")
        .string("compatible", "sifive,clint0", "riscv,clint0")
        .u64("reg", 0x200_0000L, 0x1_0000L)
        .u32("interrupts-extended", CPU_INTC, MACHINE_SOFTWARE, CPU_INTC, MACHINE_TIMER)
        .endNode()
        .beginNode("plic@c000000")
        .string("compatible", "sifive,plic-1.0.0", "riscv,plic0")
        .u32("#address-cells", 0)
        .u32("#interrupt-cells", 1)
        .empty("interrupt-controller")
        .u64("reg", 0xc00_0000L, 0x60_0000L)
        .u32("interrupts-extended", CPU_INTC, MACHINE_EXTERNAL, CPU_INTC, SUPERVISOR_EXTERNAL)
        .u32("riscv,ndev", 96)
        .u32("phandle", PLIC)
        .endNode()
        .beginNode("serial@10000000")
        .string("compatible", "ns16550a")
        .u64("reg", 0x1000_0000L, 0x100L)
        .u32("interrupt-parent", PLIC)
        .u32("interrupts", 10)
        .u32("clock-frequency", 3_686_400)
        .endNode()
        .endNode()
        .build();
  }
}
