package io.github.kexecsim.loader.fdt;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A strings block that grows and never shrinks: removed properties leave their names behind. */
final class FdtStrings {
  private byte[] bytes;

  FdtStrings(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Where a name stands, appended if need be. A name that is the end of another is found inside it.
   */
  int findOrAdd(String name) {
    byte[] wanted = (name + '\0').getBytes(StandardCharsets.ISO_8859_1);
    for (int at = 0; at <= bytes.length - wanted.length; at++) {
      if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
        return at;
      }
    }
    int end = bytes.length;
    bytes = Arrays.copyOf(bytes, Math.addExact(end, wanted.length));
    System.arraycopy(wanted, 0, bytes, end, wanted.length);
    return end;
  }

  byte[] toByteArray() {
    return bytes.clone();
  }
}
