package io.github.kexecsim.loader.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.machine.Cpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmulatorTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qemu-system-aarch64 -M virt | 1",
        "qemu-system-aarch64 -smp 4 -M virt | 4",
        "qemu-system-x86_64 -smp 2,maxcpus=8 | 8",
        "qemu-system-x86_64 -smp cpus=3,sockets=1,cores=3 | 3",
        "qemu-system-x86_64 -smp sockets=2,cores=4,threads=2 | 16",
        "qemu-system-x86_64 -smp 0 | 1",
        "qemu-system-x86_64 -smp many | 1",
        "qemu-system-x86_64 -smp | 1",
        "qemu-system-x86_64 -smp sockets=99999,cores=99999 | 65536",
      })
  void countsPossibleCpus(String commandLine, int count) {
    assertThat(Emulator.cpu(commandLine, "").count()).isEqualTo(count);
  }

  @Test
  void knowsWhichPagesAModelTranslates() {
    assertThat(arm("cortex-a57").granulesKib()).containsExactly(4, 64);
    assertThat(arm("a64fx").granulesKib()).containsExactly(4, 64);
    assertThat(arm("max,pauth=off").granulesKib()).containsExactly(4, 16, 64);
  }

  @Test
  void knowsWhichX86KernelsUseFiveLevels() {
    assertThat(x86("max", "quiet").fiveLevelPaging()).isTrue();
    assertThat(x86("max", "quiet no5lvl").fiveLevelPaging()).isFalse();
    assertThat(x86("max,la57=off", "quiet").fiveLevelPaging()).isFalse();
    assertThat(x86("qemu64", "quiet").fiveLevelPaging()).isFalse();
    assertThat(x86("qemu64,+la57", "quiet").fiveLevelPaging()).isTrue();
    assertThat(arm("max").fiveLevelPaging()).isFalse();
  }

  private static Cpu arm(String model) {
    return Emulator.cpu("qemu-system-aarch64 -M virt -cpu " + model + " -m 1024", "");
  }

  private static Cpu x86(String model, String bootCommandLine) {
    return Emulator.cpu("qemu-system-x86_64 -cpu " + model + " -smp 1", bootCommandLine);
  }
}
