package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Lays the ELF {@code vmlinux} of an x86_64 kernel out as it lies in memory, as an {@link X86Image}
 * with the relocations that stood behind it: what the RFC's build does with objcopy and padding.
 *
 * <p>The RFC's kernels carry the image's two numbers in their own first instructions. Kernels that
 * were not built so get them over their first bytes, and a few instructions elsewhere that put the
 * bytes back and go on at the kernel's entry; so the image is still entered at its first byte.
 */
public final class X86ImageWriter {
  private static final int ALIGNMENT = 16;

  private final VmlinuxLayout layout;
  private final ByteView relocations;

  private X86ImageWriter(VmlinuxLayout layout, ByteView relocations) {
    this.layout = layout;
    this.relocations = relocations;
  }

  /**
   * Lays a kernel out.
   *
   * @param elf the file, with the relocations behind it as {@code extract} gives it out of a
   *     bzImage, or without
   * @throws KexecException {@link Reason#UNSUPPORTED_IMAGE} for an ELF file that is no x86_64
   *     kernel linked at 16 MiB, {@link Reason#BAD_HEADER} or {@link Reason#TRUNCATED} for a
   *     damaged one, {@link Reason#LIMIT_EXCEEDED} when the result would be longer than {@code
   *     limits} lets layers be
   */
  public static ByteView write(ByteView elf, Limits limits) {
    ElfImage header = ElfImage.parse(elf);
    if (!header.architecture().equals(Optional.of(Architecture.X86_64)) || header.bigEndian()) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          "an ELF file that is not of x86_64",
          "only kernels of x86_64 are laid out from ELF");
    }
    VmlinuxLayout layout = VmlinuxLayout.of(header, elf);
    ByteView relocations = elf.from(layout.fileEnd());
    X86Relocations parsed = X86Relocations.of(elf, layout.fileEnd(), layout.memorySize());
    long size = layout.memorySize() + VmlinuxLayout.PAGE + relocations.size();
    limits.check(Limit.DECOMPRESSED, size, "what the kernel and its relocations take in memory");
    if (parsed.touchBelow(X86Image.HEADER_SIZE)) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          "a relocation changes the kernel's first bytes, where the image's numbers go",
          "");
    }
    return new X86ImageWriter(layout, relocations).write();
  }

  private ByteView write() {
    byte[] kernel = layout.bytes();
    if (X86Image.matches(ByteView.of(kernel)) && layout.entry() == 0) {
      return withRelocations(kernel);
    }
    byte[] prologue = new byte[prologueSize()];
    Optional<Integer> gap = layout.gap(prologue.length, ALIGNMENT);
    int place = gap.orElse(kernel.length);
    long codeSize = gap.isPresent() ? layout.codeSize() : kernel.length + VmlinuxLayout.PAGE;
    putPrologue(prologue, place, kernel);
    byte[] image =
        gap.isPresent() ? kernel : Arrays.copyOf(kernel, kernel.length + VmlinuxLayout.PAGE);
    System.arraycopy(prologue, 0, image, place, prologue.length);
    putHeader(image, place, codeSize);
    return withRelocations(image);
  }

  private ByteView withRelocations(byte[] image) {
    byte[] whole = Arrays.copyOf(image, image.length + relocations.size());
    relocations.copyTo(0, whole, image.length, relocations.size());
    return ByteView.of(whole);
  }

  /** A jump to the prologue, and the two numbers inside their NOPs. */
  private static void putHeader(byte[] image, int prologue, long codeSize) {
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.fill(image, 0, X86Image.HEADER_SIZE, (byte) 0x90); // nop
    out.put((byte) 0xe9).putInt(prologue - 5); // jmp prologue
    byte[] nop = X86Image.nop();
    out.put(X86Image.IMAGE_SIZE_OFFSET - nop.length, nop);
    out.putInt(X86Image.IMAGE_SIZE_OFFSET, image.length);
    out.put(X86Image.CODE_SIZE_OFFSET - nop.length, nop);
    out.putInt(X86Image.CODE_SIZE_OFFSET, (int) codeSize);
  }

  private static int prologueSize() {
    return CODE_SIZE + X86Image.HEADER_SIZE;
  }

  private static final int CODE_SIZE = 34;

  /**
   * Code that puts the kernel's first bytes back, wherever the image lies. It needs no stack, and
   * keeps rsi, with which boot_params are handed over.
   */
  private void putPrologue(byte[] prologue, int place, byte[] kernel) {
    ByteBuffer out = ByteBuffer.wrap(prologue).order(ByteOrder.LITTLE_ENDIAN);
    out.put(bytes(0x48, 0x89, 0xf2)); // mov rdx, rsi
    out.put(bytes(0x48, 0x8d, 0x3d)).putInt(-(place + 10)); // lea rdi, [the image's start]
    out.put(bytes(0x48, 0x8d, 0x35)).putInt(CODE_SIZE - 17); // lea rsi, [the saved bytes]
    out.put((byte) 0xb9).putInt(X86Image.HEADER_SIZE); // mov ecx, 0x24
    out.put((byte) 0xfc); // cld
    out.put(bytes(0xf3, 0xa4)); // rep movsb
    out.put(bytes(0x48, 0x89, 0xd6)); // mov rsi, rdx
    out.put((byte) 0xe9).putInt((int) layout.entry() - (place + 33)); // jmp the kernel's entry
    out.put((byte) 0x90); // nop
    out.put(kernel, 0, X86Image.HEADER_SIZE);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
