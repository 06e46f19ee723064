package io.github.kexecsim.model.efi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One thing that the stub did: a service called, or an act of its own (efi_random_alloc,
 * decompress, cache_sync, memcpy, enter).
 *
 * @param name the service's name, or the act's
 * @param arguments by name, as text; numbers in hex
 * @param status what a service answered; empty for an act
 * @param results what was handed back, by name
 */
public record EfiEvent(
    String name,
    Map<String, String> arguments,
    Optional<EfiStatus> status,
    Map<String, String> results) {
  public EfiEvent {
    arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
    results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
  }

  /** Whether a service was called. */
  public boolean isCall() {
    return status.isPresent();
  }

  @Override
  public String toString() {
    return name
        + arguments
        + status.map(answer -> " " + answer).orElse("")
        + (results.isEmpty() ? "" : " " + results);
  }
}
