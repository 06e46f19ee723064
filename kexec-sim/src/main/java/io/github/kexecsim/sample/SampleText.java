package io.github.kexecsim.sample;

import io.github.kexecsim.model.asm.Assembler;
import io.github.kexecsim.model.asm.Label;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The strings of a sample kernel, which follow its code, and what both kernels have in common. */
final class SampleText {
  static final int PAGE = 4096;
  static final int STACK_SIZE = 32 << 10;

  /** The first four bytes of a device tree, 0xd00dfeed, as a little-endian load finds them. */
  static final long FDT_MAGIC_LE = 0xedfe_0dd0L;

  static final String DIGITS = "0123456789abcdef";
  static final String TREE_FOUND =
      ", a device tree (magic d00dfeed)\r\nSAMPLE-OK, powering off\r\n";
  static final String NO_TREE = ", not a device tree\r\nSAMPLE-FAILED, powering off\r\n";

  private final Map<String, Label> strings = new LinkedHashMap<>();

  /** Where the string will be. */
  Label label(String string) {
    return strings.computeIfAbsent(string, unused -> new Label());
  }

  /** Writes the strings, a NUL behind each, and pads to a multiple of 8 bytes. */
  void appendTo(Assembler<?> asm) {
    strings.forEach(
        (string, label) ->
            asm.bind(label).data((string + '\0').getBytes(StandardCharsets.US_ASCII)));
    asm.align(8);
  }
}
