package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.pe.PeWriter;
import io.github.kexecsim.loader.report.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Wraps a compressed kernel as an EFI zboot image, laid out as the kernel build does ({@code
 * drivers/firmware/efi/libstub/zboot-header.S} and {@code Makefile.zboot}, v6.1): headers in the
 * first page, then {@code .text} with the payload, then {@code .data}.
 *
 * <p>The image carries no EFI stub, so firmware cannot boot it: its entry point is a few
 * instructions that return EFI_UNSUPPORTED. What unpacks zboot images itself (kexec, QEMU, systemd)
 * does not run them. The stub's version is 0.0 for the same reason.
 *
 * <p>The same input gives the same bytes.
 */
public final class ZbootWriter {
  private static final int PAGE = 0x1000;
  private static final int FILE_ALIGNMENT = 0x200;
  private static final int PAYLOAD_ALIGNMENT = 8;

  /** The data directories that kernels have. */
  private static final int DIRECTORIES = 6;

  private static final long TEXT_FLAGS =
      PeHeader.Section.CODE | PeHeader.Section.READ | PeHeader.Section.EXECUTE;

  private static final long DATA_FLAGS =
      PeHeader.Section.INITIALIZED_DATA | PeHeader.Section.READ | PeHeader.Section.WRITE;

  private ZbootWriter() {}

  /**
   * Pads a raw image with zeros to the memory that it takes, BSS included, as the build does from
   * 6.12 or so. An image that does not tell how much that is, or is already as long, stays as it
   * is.
   *
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} when it would become longer than {@code
   *     limits} lets layers be
   */
  public static ByteView padded(KernelImage image, ByteView bytes, Limits limits) {
    long imageSize = image.imageSize().orElse(0);
    if (Long.compareUnsigned(imageSize, bytes.size()) <= 0) {
      return bytes;
    }
    limits.check(Limit.DECOMPRESSED, imageSize, "image_size, to which the image is padded,");
    byte[] padded = new byte[(int) imageSize];
    bytes.copyTo(0, padded, 0, bytes.size());
    return ByteView.of(padded);
  }

  /**
   * Writes a zboot image.
   *
   * @param architecture the kernel's
   * @param methodName the name for the header, one of {@link CompressionMethod#names()}
   * @param payload the compressed kernel, as the method's tool writes it
   * @param uncompressedSize how many bytes the payload decompresses to, 1 to 2^32 - 1
   * @throws KexecException {@link Reason#UNKNOWN_METHOD}; {@link Reason#LIMIT_EXCEEDED} when the
   *     image would be too large for one array
   */
  public static byte[] write(
      Architecture architecture, String methodName, ByteView payload, long uncompressedSize) {
    if (payload.size() == 0 || uncompressedSize < 1 || uncompressedSize > 0xffff_ffffL) {
      throw new IllegalArgumentException(
          "not a payload: " + payload.size() + " bytes for " + uncompressedSize);
    }
    CompressionMethod method =
        CompressionMethod.byName(methodName)
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNKNOWN_METHOD,
                        "unknown compression method \"" + Field.printable(methodName) + "\"",
                        ZbootImage.knownMethods()));
    byte[] entry = entryCode(architecture);
    int payloadOffset = PAGE + (int) Alignment.up(entry.length, PAYLOAD_ALIGNMENT);
    int sizeWord = method == CompressionMethod.GZIP ? 0 : ZbootImage.SIZE_WORD;
    long textEnd = Alignment.up((long) payloadOffset + payload.size() + sizeWord, PAGE);
    long fileSize = textEnd + FILE_ALIGNMENT;
    if (fileSize > Integer.MAX_VALUE - 8) {
      throw new KexecException(
          Reason.LIMIT_EXCEEDED,
          String.format("the image would take 0x%x bytes, more than an array holds", fileSize));
    }

    ByteBuffer text = ByteBuffer.allocate((int) textEnd - PAGE).order(ByteOrder.LITTLE_ENDIAN);
    text.put(entry);
    payload.copyTo(0, text.array(), payloadOffset - PAGE, payload.size());
    if (sizeWord != 0) {
      text.putInt(payloadOffset - PAGE + payload.size(), (int) uncompressedSize);
    }
    return new PeWriter(PeMachine.of(architecture))
        .front(ByteView.of(zbootHeader(payloadOffset, payload.size(), methodName)))
        .sizeOfHeaders(PAGE)
        .sectionAlignment(PAGE)
        .fileAlignment(FILE_ALIGNMENT)
        .directoryCount(DIRECTORIES)
        .section(".text", PAGE, ByteView.of(text.array()), TEXT_FLAGS)
        .section(".data", textEnd, PAGE, ByteView.of(new byte[FILE_ALIGNMENT]), DATA_FLAGS)
        .write();
  }

  /** What is not written is 0, or the PE header's to write. */
  private static byte[] zbootHeader(int payloadOffset, int payloadSize, String methodName) {
    ByteBuffer out = ByteBuffer.allocate(ZbootImage.HEADER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    out.position(ZbootImage.IMAGE_TYPE_OFFSET);
    out.put(ascii(ZbootImage.IMAGE_TYPE));
    out.putInt(payloadOffset);
    out.putInt(payloadSize);
    out.position(ZbootImage.METHOD_OFFSET);
    out.put(ascii(methodName));
    out.putInt(ZbootImage.LINUX_PE_MAGIC_OFFSET, ZbootImage.LINUX_PE_MAGIC);
    return out.array();
  }

  /**
   * What stands at the entry point instead of an EFI stub: instructions that return
   * EFI_UNSUPPORTED, 0x8000000000000003, to the firmware.
   */
  public static byte[] entryCode(Architecture architecture) {
    return switch (architecture) {
      case ARM64 ->
          words(
              0xd2800060, // mov x0, #3
              0xf2f00000, // movk x0, #0x8000, lsl #48
              0xd65f03c0); // ret
      case RISCV64 ->
          words(
              0x00100513, // addi a0, zero, 1
              0x03f51513, // slli a0, a0, 63
              0x00350513, // addi a0, a0, 3
              0x00008067); // jalr zero, 0(ra)
      case LOONGARCH64 ->
          words(
              0x02c00c04, // addi.d a0, zero, 3
              0x03200084, // lu52i.d a0, a0, -2048
              0x4c000020); // jirl zero, ra, 0
      case X86_64 ->
          new byte[] {
            0x48,
            (byte) 0xb8,
            3,
            0,
            0,
            0,
            0,
            0,
            0,
            (byte) 0x80, // movabs rax, 0x8000000000000003
            (byte) 0xc3 // ret
          };
    };
  }

  private static byte[] words(int... instructions) {
    ByteBuffer code = ByteBuffer.allocate(4 * instructions.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int instruction : instructions) {
      code.putInt(instruction);
    }
    return code.array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
