package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.MemoryUse;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.mmu.IdentityMap;
import io.github.kexecsim.model.sim.Handoff;
import io.github.kexecsim.model.sim.Outcome;
import io.github.kexecsim.model.sim.PhysMemory;
import io.github.kexecsim.model.sim.Simulator;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a placed load gets to its place, executed: what {@code load --simulate} adds to a plan.
 *
 * @param plan the relocation
 * @param memory as it is in the end
 * @param outcome what came of executing it
 */
record Relocation(RelocationPlan plan, PhysMemory memory, Outcome outcome) {
  /**
   * Plans and executes the relocation of an accepted load.
   *
   * @throws io.github.kexecsim.loader.error.KexecException what {@link RelocationPlan#of} throws
   */
  static Relocation of(LoadPlan load, PageSource source) {
    RelocationPlan plan =
        RelocationPlan.of(
            load.request().machine(),
            load.placed().orElseThrow(),
            load.request().type(),
            source,
            load.request().limits());
    PhysMemory memory = Simulator.load(plan);
    return new Relocation(plan, memory, Simulator.execute(plan, memory));
  }

  void writeTo(JsonText json) {
    json.object("relocation", this::writeRelocation);
    outcome.handoff().ifPresent(handoff -> json.object("handoff", h -> write(h, handoff)));
    json.object("memory", this::writeMemory);
    json.object("outcome", this::writeOutcome);
  }

  private void writeRelocation(JsonText json) {
    json.string("page_source", plan.source().label())
        .hex("head", plan.kimage().head())
        .hex("entries", plan.kimage().entries())
        .hex("indirection_pages", plan.kimage().indirectionPages())
        .hex("source_pages", plan.kimage().sourcePages())
        .hex("control_pages", plan.controlPageCount())
        .hex("copied_pages", plan.kimage().copiedPages());
    plan.purgatory()
        .ifPresent(
            purgatory -> {
              json.string("digest", HexFormat.of().formatHex(purgatory.digest().toByteArray()));
              json.objects(
                  "sha_regions",
                  purgatory.shaRegions(),
                  region ->
                      json.hex("start", region.start()).hex("end", region.start() + region.len()));
            });
  }

  private void writeMemory(JsonText json) {
    MemoryUse use = plan.memory();
    json.hex("peak", use.peak())
        .hex("loaded", use.loaded())
        .hex("buffers", use.buffers())
        .hex("source_pages", use.sourcePages())
        .hex("indirection_pages", use.indirectionPages())
        .hex("control_pages", use.controlPages())
        .hex("held_pages", use.heldPages())
        .hex("destinations", use.destinations());
  }

  private static void write(JsonText json, Handoff handoff) {
    json.hex("pc", handoff.pc()).string("mmu", handoff.mmu() ? "on" : "off");
    json.object("registers", inner -> handoff.registers().forEach(inner::hex));
    handoff
        .stack()
        .ifPresent(
            stack ->
                json.object(
                    "stack", inner -> inner.hex("start", stack.start()).hex("end", stack.end())));
    handoff.identityMap().ifPresent(map -> json.object("identity_map", inner -> write(inner, map)));
  }

  private static void write(JsonText json, IdentityMap map) {
    json.string("kind", map.kind()).number("levels", map.levels());
    json.hex("tables", map.tables().size());
  }

  private void writeOutcome(JsonText json) {
    json.string("ending", outcome.ending().code())
        .bool("success", outcome.isSuccess())
        .string("summary", outcome.summary());
    json.objects(
        "faults",
        outcome.faults(),
        fault ->
            json.string("kind", fault.kind().code())
                .hex("address", fault.address())
                .string("message", fault.message()));
  }

  /**
   * Writes it for people.
   *
   * @param entered what was entered at the end, in words
   */
  void writeTo(TextPage page, String entered) {
    page.labelled(
        "relocation",
        String.format(
            Locale.ROOT,
            "%d pages copied, %d in place; a list of %d entries in %d indirection pages; %d control"
                + " pages; free pages handed out %s",
            outcome.work().pagesCopied(),
            outcome.work().pagesInPlace(),
            plan.kimage().entries(),
            plan.kimage().indirectionPages(),
            plan.controlPageCount(),
            plan.source().label()));
    MemoryUse use = plan.memory();
    page.labelled(
        "memory",
        ByteCount.human(use.peak())
            + " at the peak of loading, a wrapped file not counted, "
            + ByteCount.human(use.loaded())
            + " held until the reboot");
    page.labelled(
        "simulated", (outcome.isSuccess() ? entered : "FAILED: " + outcome.summary()) + handoff());
    outcome.faults().stream()
        .skip(outcome.faults().isEmpty() ? 0 : 1)
        .forEach(fault -> page.labelled("fault", fault.message()));
  }

  private String handoff() {
    return outcome
        .handoff()
        .map(
            state -> {
              List<String> parts = new ArrayList<>();
              parts.add("pc " + ByteCount.hex(state.pc()));
              parts.add(
                  state.identityMap().map(map -> "MMU on (" + map.kind() + ")").orElse("MMU off"));
              for (Map.Entry<String, Long> register : state.registers().entrySet()) {
                parts.add(register.getKey() + " " + ByteCount.hex(register.getValue()));
              }
              state.stack().map(PhysRange::toString).ifPresent(at -> parts.add("stack in " + at));
              return "; " + String.join(", ", parts);
            })
        .orElse("");
  }
}
