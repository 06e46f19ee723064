/**
 * What the next kernel finds in the CPU's registers, and the few instructions that put it there.
 */
package io.github.kexecsim.model.handoff;
