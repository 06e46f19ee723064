package io.github.kexecsim.loader.machine;

/**
 * Addresses that only the running kernel knows and that elfcorehdr tells the crash kernel. They
 * change no placement.
 *
 * @param cpuNotes the physical address of the first CPU's note ({@code crash_notes})
 * @param cpuNoteStride how far one CPU's note lies from the next, in bytes
 * @param vmcoreinfo the physical address of the vmcoreinfo note
 * @param kernelVirtual the virtual address of {@code _text}
 * @param linearMapOffset what the linear map adds to a physical address
 */
public record CrashNotes(
    long cpuNotes, long cpuNoteStride, long vmcoreinfo, long kernelVirtual, long linearMapOffset) {
  /** Everything 0: a header whose layout is right and whose notes lead nowhere. */
  public static final CrashNotes UNKNOWN = new CrashNotes(0, 0, 0, 0, 0);
}
