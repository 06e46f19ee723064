package io.github.kexecsim.model.efi;

/**
 * One thing that the emulated-EFI course needs memory for.
 *
 * @param what it is, for people
 * @param bytes how much
 * @param isSegment whether it is a segment of the plan; else it is left free for the stub
 */
public record ReserveItem(String what, long bytes, boolean isSegment) {
  static ReserveItem segment(String what, long bytes) {
    return new ReserveItem(what, bytes, true);
  }

  static ReserveItem free(String what, long bytes) {
    return new ReserveItem(what, bytes, false);
  }
}
