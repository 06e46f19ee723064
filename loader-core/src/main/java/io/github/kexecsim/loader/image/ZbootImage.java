package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * An EFI zboot image: a compressed kernel behind an EFI application that unpacks it ({@code
 * drivers/firmware/efi/libstub/zboot-header.S}, v6.1).
 *
 * @param payloadOffset where the compressed payload begins, 32 bits
 * @param payloadSize its size without the size word behind it, 32 bits; gzip's trailer counts
 * @param methodName the compression method as written, 31 characters at most
 * @param uncompressedSize what the image says will come out, 32 bits: the word behind the payload,
 *     or the last of gzip's trailer; empty for an unknown method
 * @param pe the PE header
 * @param findings what is odd about the image
 */
public record ZbootImage(
    long payloadOffset,
    long payloadSize,
    String methodName,
    OptionalLong uncompressedSize,
    PeHeader pe,
    List<Finding> findings)
    implements KernelImage {
  static final String FORMAT = "zboot";

  /** Bytes of the header, which ends with the offset of the PE header. */
  static final int HEADER_SIZE = 0x40;

  static final String IMAGE_TYPE = "zimg";
  static final int IMAGE_TYPE_OFFSET = 4;
  static final int METHOD_OFFSET = 0x18;
  static final int METHOD_SIZE = 0x20;

  /** Where newer images carry {@link #LINUX_PE_MAGIC}. */
  static final int LINUX_PE_MAGIC_OFFSET = 0x38;

  static final int LINUX_PE_MAGIC = 0x8182_23cd;
  static final int PE_OFFSET_OFFSET = 0x3c;
  static final int SIZE_WORD = 4;

  public ZbootImage {
    findings = List.copyOf(findings);
  }

  static boolean matches(ByteView file) {
    return file.matches(0, "MZ") && file.matches(IMAGE_TYPE_OFFSET, IMAGE_TYPE);
  }

  /**
   * Reads the header, the PE header and the word that declares the size, and checks that the
   * payload is inside the file. An unknown method is not an error before {@link #payload}.
   *
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static ZbootImage parse(ByteView file) {
    ByteView header = file.slice(0, HEADER_SIZE);
    if (!matches(header)) {
      throw new KexecException(
          Reason.BAD_HEADER, "no zboot image: no \"MZ\" at offset 0x0 with \"zimg\" at 0x4");
    }
    long offset = header.u32le(8);
    long size = header.u32le(12);
    if (offset < HEADER_SIZE) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "zboot payload offset 0x%x at offset 0x8 is inside the header of 0x%x bytes",
              offset, HEADER_SIZE),
          "the image's header is damaged");
    }
    if (size == 0) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "zboot payload size at offset 0xc is 0: nothing is wrapped",
          "the image was cut short or put together wrongly when it was built");
    }
    if (size > file.size() - offset) {
      throw new KexecException(
          Reason.TRUNCATED,
          String.format(
              "zboot payload of 0x%x bytes at 0x%x ends beyond the file of 0x%x bytes",
              size, offset, file.size()),
          "the file may be cut short: compare its size with the original's");
    }
    String methodName = header.cString(METHOD_OFFSET, METHOD_SIZE);
    if (methodName.isEmpty() || methodName.length() == METHOD_SIZE) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "zboot method name at offset 0x%x is %s",
              METHOD_OFFSET, methodName.isEmpty() ? "empty" : "not terminated"),
          knownMethods());
    }
    Optional<CompressionMethod> method = CompressionMethod.byName(methodName);
    return new ZbootImage(
        offset,
        size,
        methodName,
        declaredSize(file, offset, size, method),
        PeHeader.parse(file, header.u32le(PE_OFFSET_OFFSET)),
        findings(file.slice(offset, size), methodName, method));
  }

  private static OptionalLong declaredSize(
      ByteView file, long offset, long size, Optional<CompressionMethod> method) {
    if (method.isEmpty()) {
      return OptionalLong.empty();
    }
    if (method.get() != CompressionMethod.GZIP) {
      return OptionalLong.of(file.u32le(offset + size));
    }
    if (size < GzipImage.MIN_SIZE) {
      throw new KexecException(
          Reason.TRUNCATED, String.format("a gzip payload cannot have only 0x%x bytes", size));
    }
    return OptionalLong.of(file.u32le(offset + size - 4));
  }

  private static List<Finding> findings(
      ByteView payload, String methodName, Optional<CompressionMethod> method) {
    List<Finding> findings = new ArrayList<>();
    Optional<CompressionMethod> detected = CompressionMethod.detect(payload);
    String name = Field.printable(methodName);
    if (method.isEmpty()) {
      findings.add(Finding.of(Flaw.UNKNOWN_METHOD, "unknown compression method \"" + name + "\""));
    } else if (detected.isPresent() && !detected.equals(method)) {
      findings.add(
          Finding.of(
              Flaw.METHOD_MISMATCH,
              "the method is " + name + ", but the payload begins like " + detected.get()));
    }
    boolean isGzip = method.equals(Optional.of(CompressionMethod.GZIP)) && detected.equals(method);
    if (isGzip && payload.size() > 3) {
      List<String> parts = GzipImage.optionalParts(payload.u8(3));
      if (!parts.isEmpty()) {
        findings.add(
            Finding.of(
                Flaw.GZIP_HEADER_PARTS,
                "the gzip header has "
                    + String.join(", ", parts)
                    + ": the image's own EFI stub skips ten bytes of header and will fail"));
      }
    }
    return findings;
  }

  /** The method that {@link #methodName} means; empty when no kernel build writes it. */
  public Optional<CompressionMethod> method() {
    return CompressionMethod.byName(methodName);
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return pe.architecture();
  }

  @Override
  public List<Field> fields() {
    List<Field> fields = new ArrayList<>();
    fields.add(Field.hex("payload_offset", payloadOffset, ""));
    fields.add(Field.hex("payload_size", payloadSize, "without the size word"));
    fields.add(Field.text("comp_type", methodName, describeMethod()));
    uncompressedSize.ifPresent(
        size -> fields.add(Field.hex("uncompressed_size", size, "declared behind the payload")));
    fields.add(Field.hex("pe_header_offset", pe.offset(), ""));
    fields.addAll(pe.fields());
    return fields;
  }

  private String describeMethod() {
    return method()
        .map(CompressionMethod::label)
        .filter(label -> !label.equals(methodName))
        .map(label -> label + ", as kernels of 6.1 to about 6.12 name it")
        .orElse("");
  }

  @Override
  public Optional<Payload> payload(ByteView file) {
    CompressionMethod method =
        method()
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNKNOWN_METHOD,
                        String.format(
                            "unknown compression method \"%s\" at offset 0x%x",
                            Field.printable(methodName), METHOD_OFFSET),
                        knownMethods()));
    return Optional.of(
        new Payload(payloadOffset, payloadSize, Optional.of(method), uncompressedSize));
  }

  /** The header's own words, of an unknown method too. */
  @Override
  public Optional<Wrapping> wrapping(ByteView file) {
    return Optional.of(new Wrapping(methodName, payloadOffset, payloadSize, uncompressedSize));
  }

  /** The hint for a method name that is not known. */
  static String knownMethods() {
    return "known methods: "
        + Arrays.stream(CompressionMethod.values())
            .flatMap(method -> method.names().stream())
            .collect(Collectors.joining(", "));
  }
}
