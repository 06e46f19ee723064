/**
 * The purgatory: the piece of code between two kernels that x86_64 and riscv64 have built in.
 *
 * <p>It computes SHA-256 over the segments where they now lie and compares it with the digest that
 * was written into it when they were loaded. If they differ it never returns; else it enters the
 * next kernel with the registers that were written into it as well. {@link
 * io.github.kexecsim.model.purgatory.PurgatoryPlan} is what is written: for each digested segment a
 * {@link io.github.kexecsim.model.purgatory.ShaRegion} of its whole memsz, zeros included. The
 * purgatory itself is left out, and so is what may change later: elfcorehdr under crash hotplug.
 *
 * <p>Its code differs from build to build and is not known here: what it does is modelled, and a
 * pattern stands in for its bytes. Where other bytes are not known the same is done, and {@link
 * io.github.kexecsim.model.purgatory.PurgatoryPlan#allContentKnown} is false: the digest is then
 * good for the simulation, and is not the real one.
 */
package io.github.kexecsim.model.purgatory;
