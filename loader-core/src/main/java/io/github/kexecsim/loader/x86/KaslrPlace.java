package io.github.kexecsim.loader.x86;

import java.util.Objects;

/**
 * Where a kernel without a decompressor was put.
 *
 * @param slots what there was to choose from
 * @param physical its first address in memory
 * @param virtualOffset where it is mapped, from {@link KaslrSlots#START_KERNEL_MAP}
 * @param virtualSlots how many such offsets there were to choose from, by the same alignment, from
 *     {@link KaslrSlots#LOAD_PHYSICAL_ADDR} on; 1 for no choice
 */
public record KaslrPlace(KaslrSlots slots, long physical, long virtualOffset, long virtualSlots) {
  public KaslrPlace {
    Objects.requireNonNull(slots);
  }
}
