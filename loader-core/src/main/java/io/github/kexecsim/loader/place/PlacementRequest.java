package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.machine.Machine;
import java.util.Optional;

/**
 * What is to be placed, and where: the arguments of kexec_file_load and the machine that answers.
 *
 * @param machine the machine, as its running kernel knows it
 * @param kernel the kernel image as the loader sees it, every wrapping layer taken off
 * @param initrd the initial ramdisk, if there is one
 * @param commandLine the command line, without a terminating NUL; in memory it is UTF-8
 * @param type for a reboot, or for a crash
 * @param seed what kaslr-seed and rng-seed are drawn from, so that a plan is the same on every run
 */
public record PlacementRequest(
    Machine machine,
    FileContent kernel,
    Optional<FileContent> initrd,
    String commandLine,
    LoadType type,
    long seed) {}
