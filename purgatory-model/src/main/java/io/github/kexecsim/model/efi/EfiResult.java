package io.github.kexecsim.model.efi;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a service answered.
 *
 * @param status its return value
 * @param values what it handed back, by name
 */
record EfiResult(EfiStatus status, Map<String, Long> values) {
  static EfiResult of(EfiStatus status) {
    return new EfiResult(status, Map.of());
  }

  static EfiResult of(EfiStatus status, String name, long value) {
    return new EfiResult(status, Map.of(name, value));
  }

  EfiResult with(String name, long value) {
    Map<String, Long> more = new LinkedHashMap<>(values);
    more.put(name, value);
    return new EfiResult(status, more);
  }

  boolean isSuccess() {
    return status == EfiStatus.SUCCESS;
  }

  /** A value that it handed back. */
  long get(String name) {
    return values.get(name);
  }
}
