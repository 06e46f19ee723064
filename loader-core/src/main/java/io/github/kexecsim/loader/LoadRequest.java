package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.uki.Addon;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What is asked of kexec_file_load. What is not given is taken from the image where it is a UKI.
 *
 * @param image the kernel file as it is: wrapped or not
 * @param machine the machine that it is loaded on
 * @param initrd the initial ramdisk, if one is given
 * @param commandLine the next kernel's command line, if one is given; in memory it is UTF-8
 * @param type for a reboot, or for a crash
 * @param limits how much the image may make its reader do
 * @param seed what kaslr-seed and rng-seed are drawn from: the same seed gives the same plan
 * @param uki what is chosen of a UKI
 */
public record LoadRequest(
    ByteView image,
    Machine machine,
    Optional<ByteView> initrd,
    Optional<String> commandLine,
    LoadType type,
    Limits limits,
    long seed,
    UkiOptions uki) {
  /**
   * What is chosen of a UKI; an image of another format has no use for it.
   *
   * @param profile the profile's number, with or without {@code @}, or its ID; the first unless
   *     told
   * @param addons what is put beside it, taken in the order of their names
   * @param deviceTreeGiven whether the machine's device tree was given for this load, so that the
   *     UKI's does not take its place
   */
  public record UkiOptions(Optional<String> profile, List<Addon> addons, boolean deviceTreeGiven) {
    /** The first profile, no addons, and the UKI's device tree where it has one. */
    public static final UkiOptions DEFAULT = new UkiOptions(Optional.empty(), List.of(), false);

    public UkiOptions {
      Objects.requireNonNull(profile);
      addons = List.copyOf(addons);
    }

    /** Whether a profile or an addon is asked for. */
    public boolean choosesSections() {
      return profile.isPresent() || !addons.isEmpty();
    }
  }

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
    Objects.requireNonNull(uki);
    if (commandLine.isPresent() && commandLine.get().indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a command line has no NUL");
    }
  }

  /** A default load without initrd and command line, within {@link Limits#DEFAULT}. */
  public static LoadRequest of(ByteView image, Machine machine) {
    return new LoadRequest(
        image,
        machine,
        Optional.empty(),
        Optional.empty(),
        LoadType.DEFAULT,
        Limits.DEFAULT,
        0,
        UkiOptions.DEFAULT);
  }

  public LoadRequest withInitrd(ByteView newInitrd) {
    return new LoadRequest(
        image, machine, Optional.of(newInitrd), commandLine, type, limits, seed, uki);
  }

  public LoadRequest withCommandLine(String newCommandLine) {
    return new LoadRequest(
        image, machine, initrd, Optional.of(newCommandLine), type, limits, seed, uki);
  }

  public LoadRequest withType(LoadType newType) {
    return new LoadRequest(image, machine, initrd, commandLine, newType, limits, seed, uki);
  }

  public LoadRequest withLimits(Limits newLimits) {
    return new LoadRequest(image, machine, initrd, commandLine, type, newLimits, seed, uki);
  }

  public LoadRequest withSeed(long newSeed) {
    return new LoadRequest(image, machine, initrd, commandLine, type, limits, newSeed, uki);
  }

  public LoadRequest withUki(UkiOptions newUki) {
    return new LoadRequest(image, machine, initrd, commandLine, type, limits, seed, newUki);
  }

  /** Another profile of a UKI than the first: its number, with or without {@code @}, or its ID. */
  public LoadRequest withProfile(String profile) {
    return withUki(new UkiOptions(Optional.of(profile), uki.addons(), uki.deviceTreeGiven()));
  }

  /** What is put beside a UKI. */
  public LoadRequest withAddons(List<Addon> addons) {
    return withUki(new UkiOptions(uki.profile(), addons, uki.deviceTreeGiven()));
  }

  /** The command line that is given, or the empty one. */
  public String givenCommandLine() {
    return commandLine.orElse("");
  }
}
