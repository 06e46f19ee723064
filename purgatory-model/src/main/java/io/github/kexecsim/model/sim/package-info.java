/**
 * Executes a relocation on modelled physical memory.
 *
 * <p>{@link io.github.kexecsim.model.sim.Simulator#load} puts into a {@link
 * io.github.kexecsim.model.sim.PhysMemory} what the running kernel leaves behind: sources, list,
 * page tables. {@link io.github.kexecsim.model.sim.Simulator#execute} then does what the
 * architecture's {@code relocate_kernel} does, word by word of the list, each address translated by
 * the tables as they stand in memory at that moment; runs the purgatory where there is one; and
 * looks at the result. Between the two, memory may be changed to see what comes of it:
 *
 * <pre>{@code
 * PhysMemory memory = Simulator.load(plan);
 * memory.put(plan.kimage().source(0), someOtherPage);
 * Simulator.execute(plan, memory).ending();   // DIGEST_MISMATCH, on x86_64
 * }</pre>
 *
 * <p>An {@link io.github.kexecsim.model.sim.Outcome} tells two things apart: the ending, which is
 * what a person at the machine would see, and the faults, which only a simulation sees: a source
 * overwritten before it was copied, a page written that is no destination, a segment whose bytes or
 * whose zero tail are not there. A kernel without a purgatory is entered with a damaged segment all
 * the same: then the ending is ENTERED, and {@link io.github.kexecsim.model.sim.Outcome#isSuccess}
 * is false.
 *
 * <p>Memory is sparse, and pages share their bytes until one is changed: what a simulation costs
 * grows with the segments, not with the machine.
 */
package io.github.kexecsim.model.sim;
