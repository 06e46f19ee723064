package io.github.kexecsim.sample;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.record.MachineSection;
import java.nio.charset.StandardCharsets;

/**
 * The built-in machines, one for each architecture: QEMU's virt or q35 with 1 GiB of memory, after
 * Linux booted there. They are descriptions of ours, not recordings.
 */
public final class SampleMachines {
  private SampleMachines() {}

  /** The machine of an architecture. */
  public static Machine machine(Architecture architecture) {
    return builder(architecture).build();
  }

  /** The same, for more to be said of it. */
  public static MachineBuilder builder(Architecture architecture) {
    return MachineSection.builder("sample " + architecture + " machine", json(architecture));
  }

  /** Its description, in the form of the {@code machine} section of a recorded load. */
  public static String json(Architecture architecture) {
    return new String(SampleFile.read(SampleFile.machine(architecture)), StandardCharsets.UTF_8);
  }
}
