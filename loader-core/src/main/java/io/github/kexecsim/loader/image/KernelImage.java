package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeFindings;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a file's header says of the kernel in it. An image is its header, as written: whether
 * kexec_file_load would take it is decided elsewhere, and its bytes stay with the caller.
 */
public sealed interface KernelImage
    permits ZbootImage,
        Arm64Image,
        RiscvImage,
        BzImage,
        LoongArchImage,
        ArmZImage,
        GzipImage,
        ElfImage,
        X86Image,
        UkiImage {
  /** The format's name, one of {@link ImageProbe#formats()}. */
  String format();

  /**
   * The architecture that the header names; empty when it names none, or one that is not modelled.
   */
  Optional<Architecture> architecture();

  /** The header's fields in the order in which they stand in it. */
  List<Field> fields();

  /**
   * The header's fields, and what they lead to elsewhere in the file. What cannot be read there is
   * left out.
   *
   * @param file the bytes that this image was parsed from
   */
  default List<Field> fields(ByteView file) {
    return fields();
  }

  /** What is wrong or odd about the header though it could be read; usually nothing. */
  List<Finding> findings();

  /**
   * What is wrong or odd about the header, and about what it leads to elsewhere in the file.
   *
   * @param file the bytes that this image was parsed from
   */
  default List<Finding> findings(ByteView file) {
    return findings();
  }

  /**
   * What is wrong or odd about its PE header, where it has one, and is not told by {@link
   * #findings(ByteView)}.
   *
   * @param file the bytes that this image was parsed from
   */
  default List<Finding> peFindings(ByteView file) {
    return PeFindings.of(file);
  }

  /**
   * How much memory the image takes once it runs, BSS included, as its header says; 64 raw bits.
   * Empty for a format that does not tell, or where the field is 0.
   */
  default OptionalLong imageSize() {
    return OptionalLong.empty();
  }

  /**
   * The wrapped image, where this format wraps one.
   *
   * @param file the bytes that this image was parsed from
   * @throws KexecException {@link Reason#TRUNCATED} when the payload is not inside {@code file},
   *     {@link Reason#UNKNOWN_METHOD} when nothing known decompresses it, {@link Reason#BAD_HEADER}
   *     when the header places it where it cannot be
   */
  default Optional<Payload> payload(ByteView file) {
    return Optional.empty();
  }

  /**
   * Where the payload begins, from where the output begins, when the image decompresses itself in
   * place; empty for a format that does not, or that does not tell.
   *
   * @param file the bytes that this image was parsed from
   * @throws KexecException what the format's parser throws
   */
  default OptionalLong inPlaceStart(ByteView file) {
    return OptionalLong.empty();
  }

  /**
   * How many rows its tables of sections and segments have at most: bounded by the format, and read
   * by {@link ImageProbe} before what the rows say is looked at.
   *
   * @param file the bytes that this image was parsed from
   */
  default long sectionCount(ByteView file) {
    return PeHeader.sectionCount(file);
  }

  /**
   * Why no kexec_file_load that is modelled takes such an image, whatever its architecture; empty
   * for formats that one takes.
   */
  default Optional<String> unsupported() {
    return Optional.empty();
  }

  /**
   * What the header says of the wrapped image, where this format wraps one.
   *
   * @param file the bytes that this image was parsed from
   * @throws KexecException what {@link #payload} throws, where the header alone does not tell
   */
  default Optional<Wrapping> wrapping(ByteView file) {
    return payload(file).map(Wrapping::of);
  }
}
