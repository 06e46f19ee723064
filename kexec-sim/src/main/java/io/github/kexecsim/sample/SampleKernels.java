package io.github.kexecsim.sample;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.EnumSet;
import java.util.Set;

/**
 * The built-in kernels. Started, they print {@code SAMPLE-OK} on the console of QEMU's machine
 * {@code virt} if they were handed a device tree, and power off.
 */
public final class SampleKernels {
  private static final Set<Architecture> BUILT_IN =
      EnumSet.of(Architecture.ARM64, Architecture.RISCV64);

  private SampleKernels() {}

  /** Whether there is a kernel for the architecture. */
  public static boolean exists(Architecture architecture) {
    return BUILT_IN.contains(architecture);
  }

  /** What the zboot image of an architecture is called in reports. */
  public static String name(Architecture architecture) {
    return SampleFile.zboot(require(architecture));
  }

  /** The kernel as a zboot image. */
  public static ByteView zboot(Architecture architecture) {
    return ByteView.of(SampleFile.read(SampleFile.zboot(require(architecture))));
  }

  /** The kernel as a raw Image, smaller than the memory that it takes. */
  public static ByteView raw(Architecture architecture) {
    return ByteView.of(SampleFile.read(SampleFile.raw(require(architecture))));
  }

  private static Architecture require(Architecture architecture) {
    if (!exists(architecture)) {
      throw new IllegalArgumentException("there is no sample kernel for " + architecture);
    }
    return architecture;
  }
}
