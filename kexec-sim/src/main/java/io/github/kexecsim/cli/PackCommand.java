package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.LoongArchImage;
import io.github.kexecsim.loader.image.RiscvImage;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.image.X86ImageWriter;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code pack}: wraps a raw Image as a zboot image. */
final class PackCommand implements Command {
  private static final Option METHOD =
      Option.of("METHOD", "Compress so: " + methods() + ".", "--method");
  private static final Option NO_PAD =
      Option.flag(
          "Leave the image as it is, as builds before 6.12 or so did, instead of padding it with"
              + " zeros to its in-memory size; extract then gives back the same bytes.",
          "--no-pad");

  private static String methods() {
    return Arrays.stream(CompressionMethod.values())
        .flatMap(method -> method.names().stream())
        .collect(Collectors.joining(", "));
  }

  @Override
  public Syntax syntax() {
    return new Syntax(
        "pack",
        "IMAGE",
        1,
        1,
        "Wraps a raw Image as a zboot image, as the kernel build would, but without an EFI stub. An"
            + " x86_64 vmlinux (\"extract\" takes it out of a bzImage) is laid out as in memory"
            + " first, by an RFC that no released kernel follows.",
        LimitOptions.behind(
            List.of(METHOD, NO_PAD, OutputFile.OUTPUT, OutputFile.FORCE),
            LimitOptions.of(Limit.FILE_SIZE, Limit.DECOMPRESSED, Limit.SECTIONS)));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    String name = arguments.required(METHOD);
    CompressionMethod method =
        CompressionMethod.byName(name)
            .orElseThrow(
                () -> Failure.usage("unknown method " + name + "; known methods: " + methods()));
    OutputFile output = OutputFile.of(arguments.required(OutputFile.OUTPUT), arguments, console);
    InputFile file = InputFiles.of(arguments, console).read(arguments.operands().get(0));
    ByteView inner;
    byte[] zboot;
    try {
      ByteView raw = rawImage(file.bytes(), arguments);
      KernelImage image = ImageProbe.parse(raw);
      Architecture architecture = rawImageArchitecture(file, image);
      inner =
          arguments.has(NO_PAD)
              ? raw
              : ZbootWriter.padded(image, raw, LimitOptions.limits(arguments));
      byte[] payload = Compressors.byMethod(method, architecture).compress(inner);
      zboot = ZbootWriter.write(architecture, name, ByteView.of(payload), inner.size());
    } catch (KexecException e) {
      throw Failure.refused(file.name(), e);
    }
    output.write(ByteView.of(zboot), console);
    if (!output.isStandardOutput()) {
      tell(console, output, name, inner.size(), zboot.length, file.bytes().size());
    }
    return ExitStatus.DONE;
  }

  /** The file, or an x86_64 vmlinux as it lies in memory: x86_64 has no raw image to begin with. */
  private static ByteView rawImage(ByteView file, Arguments arguments) {
    Limits limits = LimitOptions.limits(arguments);
    KernelImage image = ImageProbe.parse(file, limits);
    boolean isVmlinux =
        image instanceof ElfImage && image.architecture().equals(Optional.of(Architecture.X86_64));
    if (isVmlinux && arguments.has(NO_PAD)) {
      throw Failure.usage(
          NO_PAD.name() + " goes with a raw Image: a vmlinux is laid out as it lies in memory");
    }
    return isVmlinux ? X86ImageWriter.write(file, limits) : file;
  }

  private static Architecture rawImageArchitecture(InputFile file, KernelImage image) {
    if (image.architecture().isEmpty() || !isRaw(image)) {
      throw Failure.no(
          file.name()
              + ": a "
              + image.format()
              + " is no raw Image of arm64, riscv64 or loongarch64 and no vmlinux of x86_64, which"
              + " zboot wraps; \"extract\" takes wrapping layers off");
    }
    return image.architecture().get();
  }

  private static boolean isRaw(KernelImage image) {
    return image instanceof Arm64Image
        || image instanceof RiscvImage
        || image instanceof LoongArchImage
        || image instanceof X86Image;
  }

  private static void tell(
      Console console, OutputFile output, String method, int inner, int outer, int file) {
    TextPage page = new TextPage();
    page.wrapped(
        TextPage.printable(output.name())
            + ": zboot ("
            + method
            + "), "
            + ByteCount.both(outer)
            + ", around "
            + ByteCount.both(inner)
            + (inner > file ? ", padded to image_size" : ""));
    page.wrapped(
        "It carries no EFI stub: firmware cannot boot it; loaders that decompress it themselves can.");
    console.out().print(page);
  }
}
