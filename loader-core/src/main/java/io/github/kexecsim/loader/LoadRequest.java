package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.Limits;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacementRequest;
import java.util.Objects;
import java.util.Optional;

/**
 * What is asked of kexec_file_load.
 *
 * @param image the kernel file as it is: wrapped or not
 * @param machine the machine that it is loaded on
 * @param initrd the initial ramdisk, if there is one
 * @param commandLine the next kernel's command line; in memory it is UTF-8
 * @param type for a reboot, or for a crash
 * @param limits how much the image may make its reader do
 * @param seed what kaslr-seed and rng-seed are drawn from: the same seed gives the same plan
 */
public record LoadRequest(
    ByteView image,
    Machine machine,
    Optional<ByteView> initrd,
    String commandLine,
    LoadType type,
    Limits limits,
    long seed) {
  /**
   * Checks the command line.
   *
   * @throws IllegalArgumentException if it has a NUL
   */
  public LoadRequest {
    Objects.requireNonNull(image);
    Objects.requireNonNull(machine);
    Objects.requireNonNull(initrd);
    Objects.requireNonNull(type);
    Objects.requireNonNull(limits);
    if (commandLine.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a command line has no NUL");
    }
  }

  /** A default load without initrd and command line, within {@link Limits#DEFAULT}. */
  public static LoadRequest of(ByteView image, Machine machine) {
    return new LoadRequest(
        image, machine, Optional.empty(), "", LoadType.DEFAULT, Limits.DEFAULT, 0);
  }

  public LoadRequest withInitrd(ByteView newInitrd) {
    return new LoadRequest(image, machine, Optional.of(newInitrd), commandLine, type, limits, seed);
  }

  public LoadRequest withCommandLine(String newCommandLine) {
    return new LoadRequest(image, machine, initrd, newCommandLine, type, limits, seed);
  }

  public LoadRequest withType(LoadType newType) {
    return new LoadRequest(image, machine, initrd, commandLine, newType, limits, seed);
  }

  public LoadRequest withLimits(Limits newLimits) {
    return new LoadRequest(image, machine, initrd, commandLine, type, newLimits, seed);
  }

  public LoadRequest withSeed(long newSeed) {
    return new LoadRequest(image, machine, initrd, commandLine, type, limits, newSeed);
  }

  /** What is to be placed once {@code kernel} is what remains of the image. */
  PlacementRequest toPlace(ByteView kernel) {
    return new PlacementRequest(
        machine, FileContent.of(kernel), initrd.map(FileContent::of), commandLine, type, seed);
  }
}
