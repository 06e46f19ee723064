/**
 * A planned load as files, with a script that boots it: QEMU gets exactly the memory that the plan
 * describes, and starts where the hand-off does.
 */
package io.github.kexecsim.model.emit;
