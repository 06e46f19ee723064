package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.memory.Alignment;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a UKI's kernel is started with, and why: the stub's choice, but for what was given ({@code
 * src/boot/stub.c, run}, systemd v257).
 *
 * @param profile the profile, from 0; empty where the UKI has none
 * @param profileId how the profile calls itself
 * @param osName the system that it is for, as os-release calls it
 * @param uname the kernel's release, as the UKI says
 * @param kernel what is in {@code .linux}, which may be wrapped again
 * @param initrds in the order in which they follow each other in memory
 * @param commandLine the whole of it
 * @param deviceTree the tree in the stead of the machine's
 * @param notes what was left out, and why
 */
public record Composition(
    OptionalInt profile,
    Optional<String> profileId,
    Optional<String> osName,
    Optional<String> uname,
    Part kernel,
    List<Part> initrds,
    CommandLine commandLine,
    DeviceTree deviceTree,
    List<String> notes) {
  /** What a running stub adds beside that, and no composition has. */
  public static final List<String> NOT_MODELLED =
      List.of(
          "the small initrds that systemd-stub makes of .pcrsig, .pcrpkey, .profile and .osrel, and"
              + " of credentials and extensions beside the UKI",
          "what systemd-stub appends to the command line by SMBIOS",
          "the choice by .hwids, which needs the machine's SMBIOS",
          "what firmware changes in a UKI's device tree (EFI_DT_FIXUP_PROTOCOL)");

  /** Initrds are padded to this many bytes each where there are several. */
  private static final int PADDING = 4;

  private static final long MAX_ARRAY = Integer.MAX_VALUE - 8;

  public Composition {
    Objects.requireNonNull(profile);
    Objects.requireNonNull(profileId);
    Objects.requireNonNull(osName);
    Objects.requireNonNull(uname);
    Objects.requireNonNull(kernel);
    Objects.requireNonNull(commandLine);
    Objects.requireNonNull(deviceTree);
    initrds = List.copyOf(initrds);
    notes = List.copyOf(notes);
  }

  /**
   * A command line and where it comes from.
   *
   * @param text what the kernel is handed, without NUL
   * @param from the sections that it is put together from, or that it was given
   * @param why why these; printable
   */
  public record CommandLine(String text, String from, String why) {
    public CommandLine {
      if (text.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("a command line has no NUL");
      }
    }
  }

  /**
   * The device tree that counts.
   *
   * @param from a section, a section of an addon, {@code machine}, or {@code none}
   * @param why why this one; printable
   * @param bytes the tree; empty where the machine's own stays
   */
  public record DeviceTree(String from, String why, Optional<ByteView> bytes) {
    public DeviceTree {
      Objects.requireNonNull(from);
      Objects.requireNonNull(why);
      Objects.requireNonNull(bytes);
    }
  }

  /**
   * Puts together what a profile is started with.
   *
   * @param file the UKI
   * @param sections the profile's
   * @param addons what was put beside it; taken in the order of their names, as the stub does
   * @param given what goes before
   * @param machineTree the machine's own device tree, which chooses among {@code .dtbauto}
   * @param limits those of device trees hold for {@code .dtbauto}
   * @throws KexecException {@link Reason#BAD_HEADER} without a kernel, {@link Reason#TRUNCATED}
   *     where a section that is needed leaves the file, {@link Reason#LIMIT_EXCEEDED}
   */
  public static Composition of(
      ByteView file,
      ProfileSections sections,
      List<Addon> addons,
      Given given,
      Optional<FlattenedDeviceTree> machineTree,
      Limits limits) {
    return new Composer(file, sections, addons, given, machineTree, limits).compose();
  }

  /**
   * All initrds as the one that the kernel is handed: a single one as it is, of several each padded
   * to 4 bytes with zeros ({@code src/boot/initrd.c, combine_initrds}). Put together anew at each
   * call.
   *
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} where they are more than an array holds
   */
  public Optional<ByteView> initrd() {
    if (initrds.size() < 2) {
      return initrds.stream().map(Part::bytes).findFirst();
    }
    long size = initrds.stream().mapToLong(part -> padded(part.bytes())).sum();
    if (size > MAX_ARRAY) {
      throw new KexecException(
          Reason.LIMIT_EXCEEDED,
          String.format("the initrds take 0x%x bytes together", size),
          "at most 2 GiB can be put together");
    }
    byte[] all = new byte[(int) size];
    int at = 0;
    for (Part part : initrds) {
      part.bytes().copyTo(0, all, at, part.bytes().size());
      at += (int) padded(part.bytes());
    }
    return Optional.of(ByteView.of(all));
  }

  private static long padded(ByteView bytes) {
    return Alignment.up(bytes.size(), PADDING);
  }
}
