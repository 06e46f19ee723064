package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.image.ArmZImage;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.image.GzipImage;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.LoongArchImage;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.image.RiscvImage;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.x86.X86Decompressor;
import io.github.kexecsim.loader.x86.X86Vmlinux;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a file holds, its headers are read or refused, and its layers come off or do not. */
class ImageFuzzTest {
  private static final long HEADER_ALLOCATION = 1 << 20;

  /** A section of 40 bytes becomes an object, and is told of. */
  private static final long PER_BYTE = 64;

  private static final Limits LIMITS =
      Limits.DEFAULT.with(Limit.LAYERS, 3).with(Limit.DECOMPRESSED, 1 << 20);

  /** Three layers of at most 1 MiB, decoded twice at most for want of a size, and their readers. */
  private static final long LAYERS_ALLOCATION = 64 << 20;

  private static final List<CompressionMethod> QUICK_TO_PACK =
      List.of(CompressionMethod.GZIP, CompressionMethod.LZ4, CompressionMethod.LZO);

  /** gzip has the size in its own trailer. */
  private static final List<CompressionMethod> WITH_SIZE_WORD =
      List.copyOf(EnumSet.complementOf(EnumSet.of(CompressionMethod.GZIP)));

  static List<byte[]> images() {
    return Seeds.images();
  }

  static List<byte[]> written() {
    return Seeds.images().stream().map(image -> FuzzBytes.of(image, 1, 1, 0, 16, 0, 0)).toList();
  }

  @MethodSource("images")
  @FuzzTest
  void layers(byte[] file) {
    Bounds.read(
        LAYERS_ALLOCATION,
        () -> {
          List<Layer> layers = Layers.of(ByteView.of(file), LIMITS);
          layers.forEach(
              layer -> {
                layer.extent();
                ask(layer.image(), layer.bytes());
                Bounds.checkPrintable(layer.findings());
                X86Decompressor.of(layer).ifPresent(own -> Bounds.checkPrintable(own.findings()));
              });
          for (int i = 1; i < layers.size(); i++) {
            X86Vmlinux.of(layers.get(i - 1), layers.get(i))
                .ifPresent(kernel -> Bounds.checkPrintable(kernel.findings()));
          }
          long decompressed =
              layers.stream()
                  .filter(layer -> layer.stored().flatMap(p -> p.method()).isPresent())
                  .mapToLong(Layer::size)
                  .sum();
          assertThat(decompressed).isLessThanOrEqualTo(LIMITS.of(Limit.DECOMPRESSED));
          assertThat(layers.size()).isLessThanOrEqualTo((int) LIMITS.of(Limit.LAYERS));
          return layers;
        });
  }

  @MethodSource("images")
  @FuzzTest
  void zboot(byte[] file) {
    read(file, ZbootImage::parse);
  }

  @MethodSource("images")
  @FuzzTest
  void arm64Image(byte[] file) {
    read(file, head -> Arm64Image.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void riscvImage(byte[] file) {
    read(file, head -> RiscvImage.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void loongArchImage(byte[] file) {
    read(file, head -> LoongArchImage.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void bzImage(byte[] file) {
    read(file, head -> BzImage.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void armZImage(byte[] file) {
    read(file, head -> ArmZImage.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void gzipImage(byte[] file) {
    read(file, GzipImage::parse);
  }

  @MethodSource("images")
  @FuzzTest
  void elf(byte[] file) {
    read(file, ElfImage::parse);
  }

  @MethodSource("images")
  @FuzzTest
  void x86Image(byte[] file) {
    read(file, head -> X86Image.parse(head, head.size()));
  }

  @MethodSource("images")
  @FuzzTest
  void uki(byte[] file) {
    read(file, UkiImage::parse);
  }

  /** Any payload that is written as zboot is read back as it was. */
  @MethodSource("written")
  @FuzzTest
  void zbootWritten(byte[] data) {
    FuzzBytes input = new FuzzBytes(data);
    Architecture architecture = input.pick(List.of(Architecture.values()));
    String name = input.pick(WITH_SIZE_WORD).label();
    long size = Math.max(1, Integer.toUnsignedLong(input.i32()));
    ByteView payload = input.restView();
    if (payload.size() == 0) {
      return;
    }
    ByteView file = ByteView.of(ZbootWriter.write(architecture, name, payload, size));
    ZbootImage image = ZbootImage.parse(file);
    assertThat(image.architecture()).contains(architecture);
    assertThat(image.methodName()).isEqualTo(name);
    assertThat(image.uncompressedSize()).hasValue(size);
    assertThat(image.findings()).allMatch(finding -> finding.flaw() == Flaw.METHOD_MISMATCH);
    Payload stored = image.payload(file).orElseThrow();
    assertThat(file.slice(stored.offset(), stored.size())).isEqualTo(payload);
  }

  /** What is packed comes out again, whatever it is; layers go by what is inside. */
  @MethodSource("written")
  @FuzzTest
  void packed(byte[] data) {
    FuzzBytes input = new FuzzBytes(data);
    CompressionMethod method = input.pick(QUICK_TO_PACK);
    ByteView content = ByteView.of(arm64(input.rest()));
    byte[] payload = Compressors.byMethod(method).compress(content);
    byte[] file =
        ZbootWriter.write(Architecture.ARM64, method.label(), ByteView.of(payload), content.size());
    List<Layer> layers =
        Layers.of(
            ByteView.of(file),
            Limits.DEFAULT.with(Limit.LAYERS, 2).with(Limit.DECOMPRESSED, content.size()));
    assertThat(layers).hasSize(2);
    assertThat(layers.get(1).bytes()).isEqualTo(content);
  }

  /** An Image around some bytes. */
  private static byte[] arm64(byte[] bytes) {
    byte[] image = new byte[64 + bytes.length];
    System.arraycopy(bytes, 0, image, 64, bytes.length);
    image[18] = 1;
    System.arraycopy(new byte[] {'A', 'R', 'M', 'd'}, 0, image, 56, 4);
    return image;
  }

  private static void read(byte[] file, Function<ByteView, KernelImage> parser) {
    ByteView view = ByteView.of(file);
    Bounds.read(
        HEADER_ALLOCATION + PER_BYTE * file.length,
        () -> {
          KernelImage image = parser.apply(view);
          ask(image, view);
          return image;
        });
  }

  /** What was parsed answers every question; only where the payload lies may still be refused. */
  private static void ask(KernelImage image, ByteView bytes) {
    image.fields(bytes).forEach(field -> Bounds.checkPrintable(field.value()));
    Bounds.checkPrintable(image.findings(bytes));
    image.architecture();
    image.imageSize();
    image.unsupported().ifPresent(Bounds::checkPrintable);
    Bounds.read(HEADER_ALLOCATION, () -> image.wrapping(bytes));
    Bounds.read(HEADER_ALLOCATION, () -> image.inPlaceStart(bytes));
    Bounds.read(HEADER_ALLOCATION, () -> image.payload(bytes));
  }
}
