package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.handoff.HandoffStub;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code boot.sh}: a POSIX shell script that starts QEMU with the segments in memory, or says why
 * it cannot.
 *
 * @param text its lines
 * @param handoff the executable that it starts, where it starts one
 * @param notBootable why it starts none
 */
record BootScript(String text, Optional<ByteView> handoff, Optional<Refusal> notBootable) {
  static final String HANDOFF = "handoff.elf";

  static BootScript of(Machine machine, PlacedLoad load, List<SegmentFile> files) {
    try {
      return booting(machine, load, files);
    } catch (KexecException e) {
      return refusing(new Refusal(e));
    }
  }

  private static BootScript booting(Machine machine, PlacedLoad load, List<SegmentFile> files) {
    QemuVirt qemu = QemuVirt.of(machine.architecture(), load);
    HandoffStub stub = HandoffStub.place(machine, load);
    qemu.checkRoom(stub, files.stream().map(SegmentFile::segment).toList());
    StringBuilder text = new StringBuilder();
    text.append("#!/bin/sh\n");
    text.append(
        "# Starts QEMU with the plan's segments in memory. Arguments are handed to QEMU;\n");
    text.append("# the variable QEMU names another one.\n");
    load.segments().forEach(segment -> text.append(leftOut(segment)));
    text.append("set -eu\n");
    text.append("CDPATH= cd -- \"$(dirname -- \"$0\")\"\n");
    text.append("exec \"${QEMU:-").append(qemu.emulator()).append("}\" \\\n");
    qemu.options().forEach(option -> append(text, option));
    append(text, "-m " + qemu.mebibytes() + "M");
    append(text, "-nographic -nic none -no-reboot");
    for (SegmentFile file : files) {
      append(
          text,
          String.format(
              Locale.ROOT,
              "-device loader,file=%s,addr=0x%x,force-raw=on",
              file.name(),
              file.segment().mem()));
    }
    append(text, "-kernel " + HANDOFF);
    text.append("  \"$@\"\n");
    ByteView elf = HandoffElf.of(machine.architecture(), stub, qemu.ram().start());
    return new BootScript(text.toString(), Optional.of(elf), Optional.empty());
  }

  private static void append(StringBuilder text, String option) {
    text.append("  ").append(option).append(" \\\n");
  }

  /**
   * The purgatory is the running kernel's and its bytes are not known; the stub does what it ends
   * in.
   */
  private static String leftOut(KexecSegment segment) {
    if (segment.content().isPresent()) {
      return "";
    }
    if (segment.role() != SegmentRole.PURGATORY) {
      throw new KexecException(
          Reason.NOT_EMULATED, "the bytes of the " + segment.role() + " are not known");
    }
    return "# Left out: the running kernel's own purgatory at " + segment.range() + ".\n";
  }

  private static BootScript refusing(Refusal refusal) {
    String hint = refusal.hint().isEmpty() ? "" : " (" + refusal.hint() + ")";
    String text =
        "#!/bin/sh\nprintf '%s\\n' "
            + quoted("boot.sh: cannot boot this plan: " + refusal.message() + hint)
            + " >&2\nexit 1\n";
    return new BootScript(text, Optional.empty(), Optional.of(refusal));
  }

  private static String quoted(String words) {
    return "'" + words.replace("'", "'\\''") + "'";
  }
}
