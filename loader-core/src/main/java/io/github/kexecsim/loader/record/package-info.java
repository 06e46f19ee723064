/**
 * Recorded loads: what real kernels answered to kexec_file_load, and machine descriptions of the
 * same form. {@link io.github.kexecsim.loader.record.Replay} holds the planner against them.
 */
package io.github.kexecsim.loader.record;
