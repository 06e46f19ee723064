/**
 * From placed segments to a running next kernel.
 *
 * <p>A {@link io.github.kexecsim.loader.place.PlacedLoad} says where things go. A {@link
 * io.github.kexecsim.model.RelocationPlan} says how they get there, and {@link
 * io.github.kexecsim.model.sim.Simulator} proves it by doing it:
 *
 * <pre>{@code
 * RelocationPlan plan =
 *     RelocationPlan.of(machine, placed, LoadType.DEFAULT, PageSource.LOWEST_FIRST);
 * plan.kimage().entries();     // the list: relocation {entries, indirection_pages, ...}
 * plan.controlPageCount();     // relocation code, page tables, swap page
 * plan.memory().peak();        // what loading takes of the running kernel's memory
 * plan.notModelled();          // what a real machine may do differently
 *
 * Outcome outcome = Simulator.run(plan);
 * outcome.isSuccess();         // the next kernel runs, and every byte of it is in place
 * outcome.handoff();           // pc, registers, MMU, stack: the state in which it begins
 * }</pre>
 *
 * <p>A plan takes pages in the order in which kexec_file_load does, as each step takes them from
 * the next:
 *
 * <ol>
 *   <li>the relocation code's page and the swap page, outside all destinations ({@link
 *       io.github.kexecsim.model.kimage.ControlPages});
 *   <li>on x86_64, the identity map ({@link io.github.kexecsim.model.mmu});
 *   <li>for crash loads, a page for a copy of vmcoreinfo;
 *   <li>the digest that goes into the purgatory ({@link io.github.kexecsim.model.purgatory});
 *   <li>source pages and the list ({@link io.github.kexecsim.model.kimage});
 *   <li>on arm64, the copy of the linear map and the identity map.
 * </ol>
 *
 * <p>What cannot work is refused while planning, with a {@link
 * io.github.kexecsim.loader.error.KexecException}: segments that overlap or lie outside memory, an
 * entry that is in none of them, too few free pages. What goes wrong while running is never thrown:
 * it is an {@link io.github.kexecsim.model.sim.Outcome}.
 */
package io.github.kexecsim.model;
