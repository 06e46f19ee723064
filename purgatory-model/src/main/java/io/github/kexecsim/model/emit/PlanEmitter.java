package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.place.PlacedLoad;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a plan as files: each segment whose bytes are known, filled up with zeros to its memsz and
 * named by its role ({@code kernel.bin}, {@code initrd.bin}, {@code dtb.dtb}; a second one of a
 * role is {@code kernel-2.bin}), {@code plan.json}, {@code handoff.elf} and {@code boot.sh}, which
 * boots them in QEMU.
 *
 * <p>A plan that QEMU cannot boot is written all the same: {@code boot.sh} then says why, and there
 * is no {@code handoff.elf}.
 */
public final class PlanEmitter {
  /** The name of the script that boots the plan. */
  public static final String SCRIPT = "boot.sh";

  private static final String PLAN = "plan.json";

  private PlanEmitter() {}

  /**
   * Writes a plan.
   *
   * @param plan one that is loadable
   * @param planJson what plan.json is to hold
   * @param directory where to: made where it is not there, in a directory that is
   * @param force whether the directory may hold files: those of the same names are replaced, the
   *     others stay
   * @throws IOException if the directory is not empty and {@code force} is not set, or if anything
   *     cannot be written: then nothing was, unless it was the last step, moving finished files to
   *     their names, that failed
   * @throws IllegalArgumentException if the plan is a refusal
   */
  public static Emission emit(LoadPlan plan, ByteView planJson, Path directory, boolean force)
      throws IOException {
    PlacedLoad load =
        plan.placed()
            .orElseThrow(() -> new IllegalArgumentException("a refused load has no segments"));
    List<SegmentFile> files = SegmentFile.of(load.segments());
    BootScript script = BootScript.of(plan.request().machine(), load, files);
    try (StagedDirectory staged = StagedDirectory.open(directory, force)) {
      for (SegmentFile file : files) {
        staged.write(file.name(), file.content(), file.segment().memsz());
      }
      staged.write(PLAN, planJson);
      if (script.handoff().isPresent()) {
        staged.write(BootScript.HANDOFF, script.handoff().get());
      }
      staged.write(SCRIPT, ByteView.of(script.text().getBytes(StandardCharsets.UTF_8)));
      staged.makeExecutable(SCRIPT);
      return new Emission(directory, staged.commit(), script.notBootable());
    }
  }
}
