package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.uki.Addon;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/** Finds out what a file is: the first format in a table whose test says yes parses it. */
public final class ImageProbe {
  private record Format(
      String name, Predicate<ByteView> test, Function<ByteView, KernelImage> parser) {}

  /**
   * In order: what looks at more bytes stands before what looks at fewer. zboot, most raw images
   * and UKIs all begin with {@code MZ}, so a test of {@code MZ} with a PE machine comes after every
   * magic.
   */
  private static final List<Format> FORMATS =
      List.of(
          new Format(ZbootImage.FORMAT, ZbootImage::matches, ZbootImage::parse),
          new Format(
              Arm64Image.FORMAT, Arm64Image::matches, file -> Arm64Image.parse(file, file.size())),
          new Format(
              RiscvImage.FORMAT, RiscvImage::matches, file -> RiscvImage.parse(file, file.size())),
          new Format(BzImage.FORMAT, BzImage::matches, file -> BzImage.parse(file, file.size())),
          new Format(UkiImage.FORMAT, UkiImage::matches, UkiImage::parse),
          new Format(
              LoongArchImage.FORMAT,
              LoongArchImage::matches,
              file -> LoongArchImage.parse(file, file.size())),
          new Format(
              ArmZImage.FORMAT, ArmZImage::matches, file -> ArmZImage.parse(file, file.size())),
          new Format(X86Image.FORMAT, X86Image::matches, file -> X86Image.parse(file, file.size())),
          new Format(GzipImage.FORMAT, GzipImage::matches, GzipImage::parse),
          new Format(ElfImage.FORMAT, ElfImage::matches, ElfImage::parse));

  private static final int SHOWN = 16;
  private static final int LOOKED_AT_FOR_TEXT = 512;

  private ImageProbe() {}

  /** The names of the known formats, in the order in which they are tried. */
  public static List<String> formats() {
    return FORMATS.stream().map(Format::name).toList();
  }

  /** Parses a whole file within {@link Limits#DEFAULT}. */
  public static KernelImage parse(ByteView file) {
    return parse(file, Limits.DEFAULT);
  }

  /**
   * Parses a whole file.
   *
   * @param limits {@link Limit#SECTIONS} is how many rows its tables may have
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED}; {@link Reason#UNKNOWN_FORMAT} when no
   *     format claims it, {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER} when the one that
   *     does cannot read it
   */
  public static KernelImage parse(ByteView file, Limits limits) {
    for (Format format : FORMATS) {
      if (format.test.test(file)) {
        KernelImage image = format.parser.apply(file);
        limits.check(Limit.SECTIONS, image.sectionCount(file), "the file's number of sections");
        return image;
      }
    }
    throw new KexecException(Reason.UNKNOWN_FORMAT, describe(file), hint(file));
  }

  private static String describe(ByteView file) {
    if (file.size() == 0) {
      return "the file is empty";
    }
    if (looksLikeText(file)) {
      return "no kernel image: the file looks like text";
    }
    StringBuilder first = new StringBuilder();
    for (int i = 0; i < Math.min(SHOWN, file.size()); i++) {
      first.append(String.format(" %02x", file.u8(i)));
    }
    return "no known image format: the file begins with" + first;
  }

  private static String hint(ByteView file) {
    if (isAddon(file)) {
      return "it is a UKI addon: give it with the UKI that it goes beside";
    }
    return CompressionMethod.detect(file)
        .map(method -> "it looks like a bare " + method + " stream: decompress it first; ")
        .orElse("")
        .concat("known formats: " + String.join(", ", formats()));
  }

  private static boolean isAddon(ByteView file) {
    try {
      Addon.parse("", file);
      return true;
    } catch (KexecException e) {
      return false;
    }
  }

  private static boolean looksLikeText(ByteView file) {
    for (int i = 0; i < Math.min(LOOKED_AT_FOR_TEXT, file.size()); i++) {
      int c = file.u8(i);
      if (c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f) {
        return false;
      }
    }
    return true;
  }
}
