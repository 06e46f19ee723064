package io.github.kexecsim.sample;

import static io.github.kexecsim.model.asm.Arm64Register.X0;
import static io.github.kexecsim.model.asm.Arm64Register.X4;
import static io.github.kexecsim.model.asm.RiscvRegister.A1;
import static io.github.kexecsim.model.asm.RiscvRegister.T0;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.model.asm.Arm64Assembler;
import io.github.kexecsim.model.asm.Riscv64Assembler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sample kernels on the machines that they are for. */
class SampleKernelBootTest {
  @TempDir Path directory;

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(directory.resolve(name), bytes);
  }

  private Path kernel(Architecture architecture) throws IOException {
    return write("kernel", SampleKernels.raw(architecture).toByteArray());
  }

  private Path deviceTree(Architecture architecture) throws IOException {
    byte[] blob =
        SampleMachines.machine(architecture).deviceTree().orElseThrow().blob().toByteArray();
    return write("dtb", blob);
  }

  @ParameterizedTest
  @ValueSource(strings = {"off", "on"})
  void arm64BootsAsQemuLoadsImages(String virtualization) throws IOException, InterruptedException {
    String console =
        Qemu.assumeArm64(directory)
            .with("-machine", "virtualization=" + virtualization)
            .with("-kernel", kernel(Architecture.ARM64).toString())
            .run();
    assertThat(console)
        .contains("sample kernel: arm64, entered at 0x0000000040200000")
        .contains("a device tree (magic d00dfeed)")
        .contains("SAMPLE-OK");
  }

  @Test
  void arm64RunsWhereverItIsPut() throws IOException, InterruptedException {
    byte[] stub =
        new Arm64Assembler().mov(X0, 0x4f00_0000L).mov(X4, 0x4180_0000L).br(X4).assemble();
    String console =
        Qemu.assumeArm64(directory)
            .load(kernel(Architecture.ARM64), 0x4180_0000L)
            .load(deviceTree(Architecture.ARM64), 0x4f00_0000L)
            .load(write("stub", stub), 0x5000_0000L)
            .startAt(0x5000_0000L)
            .run();
    assertThat(console)
        .contains("entered at 0x0000000041800000")
        .contains("x0 = 0x000000004f000000, a device tree")
        .contains("SAMPLE-OK");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 0x4f00_0001L, 0x4f00_0000L})
  void arm64SaysThatItWasHandedNoDeviceTree(long x0) throws IOException, InterruptedException {
    byte[] stub = new Arm64Assembler().mov(X0, x0).mov(X4, 0x4180_0000L).br(X4).assemble();
    String console =
        Qemu.assumeArm64(directory)
            .load(kernel(Architecture.ARM64), 0x4180_0000L)
            .load(write("stub", stub), 0x5000_0000L)
            .startAt(0x5000_0000L)
            .run();
    assertThat(console)
        .contains(String.format("x0 = 0x%016x, not a device tree", x0))
        .contains("SAMPLE-FAILED");
  }

  @Test
  void riscv64BootsAsQemuLoadsImages() throws IOException, InterruptedException {
    String console =
        Qemu.assumeRiscv64(directory)
            .with("-kernel", kernel(Architecture.RISCV64).toString())
            .with("-dtb", deviceTree(Architecture.RISCV64).toString())
            .run();
    assertThat(console)
        .contains("sample kernel: riscv64, entered at 0x0000000080200000")
        .contains("a0 = 0x0000000000000000, the hart")
        .contains("SAMPLE-OK");
  }

  @Test
  void riscv64RunsWhereverItIsPut() throws IOException, InterruptedException {
    byte[] stub =
        new Riscv64Assembler().li(A1, 0x8f00_0000L).li(T0, 0x8180_0000L).jr(T0).assemble();
    String console =
        Qemu.assumeRiscv64(directory)
            .load(kernel(Architecture.RISCV64), 0x8180_0000L)
            .load(deviceTree(Architecture.RISCV64), 0x8f00_0000L)
            .with("-kernel", write("stub", stub).toString())
            .run();
    assertThat(console)
        .contains("entered at 0x0000000081800000")
        .contains("a1 = 0x000000008f000000, a device tree")
        .contains("SAMPLE-OK");
  }
}
