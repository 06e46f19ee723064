package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.mmu.IdentityMap;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The state in which code is entered: the purgatory, or at the end the next kernel.
 *
 * @param pc the address at which it begins
 * @param registers those that the boot protocol speaks of, by name
 * @param stack the memory below its stack pointer, where it is given one; of the purgatory's own
 *     stack it is known only that the purgatory has it inside
 * @param identityMap the translation that is on, or empty with the MMU off
 */
public record Handoff(
    long pc,
    Map<String, Long> registers,
    Optional<PhysRange> stack,
    Optional<IdentityMap> identityMap) {
  public Handoff {
    registers = Collections.unmodifiableMap(new LinkedHashMap<>(registers));
  }

  /** Whether addresses are translated. */
  public boolean mmu() {
    return identityMap.isPresent();
  }

  /** The same state at another address, with some registers changed, and on another stack. */
  Handoff entering(long newPc, Map<String, Long> changed, PhysRange newStack) {
    Map<String, Long> all = new LinkedHashMap<>(registers);
    all.putAll(changed);
    return new Handoff(newPc, all, Optional.of(newStack), identityMap);
  }
}
