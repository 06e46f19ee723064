package io.github.kexecsim.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.sample.SampleMachines;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Kernels as they were shipped, damaged in every way: each gives a plan or a refusal, within the
 * memory and the steps that the limits allow.
 */
@Timeout(600)
class MutatedImagesTest {
  /** What every header is refused or planned within. */
  private static final Limits TIGHT =
      Limits.DEFAULT.with(Limit.LAYERS, 4).with(Limit.DECOMPRESSED, 1 << 20);

  private static final Limits ROOMY =
      Limits.DEFAULT.with(Limit.LAYERS, 4).with(Limit.DECOMPRESSED, 16 << 20);

  /**
   * What a plan itself may take: device tree, segments, and a PE header with 65 535 sections, each
   * of which is looked at for every flaw.
   */
  private static final long PLAN_MEMORY = 48 << 20;

  /** Outputs are made anew, twice as large, where no size is declared. */
  private static final int OUTPUT_COPIES = 3;

  private static final int FLIPPED = 4096;
  private static final int CUTS = 1000;
  private static final int DAMAGES = 150;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TestFactory
  Stream<DynamicTest> everyHeaderFieldAtItsExtremes() throws IOException {
    return overImages(
        (image, bytes) -> {
          Limits limits = image.isQuick() ? ROOMY : TIGHT;
          for (HeaderField field : HeaderField.of(image.bytes())) {
            for (long value : new long[] {0, 1, -1, -2}) {
              field.set(bytes, value);
              assertBounded(image, ByteView.of(bytes), limits);
            }
            image.restore(bytes, field.offset(), field.width());
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> everyByteOfTheHeadFlipped() throws IOException {
    return overImages(
        (image, bytes) -> {
          for (int i = 0; i < FLIPPED; i++) {
            bytes[i] ^= (byte) 0xff;
            assertBounded(image, ByteView.of(bytes), TIGHT);
            bytes[i] ^= (byte) 0xff;
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> cutAnywhere() throws IOException {
    return overImages(
        (image, bytes) -> {
          for (int i = 0; i < CUTS; i++) {
            int length = (int) ((long) bytes.length * i / CUTS);
            assertBounded(image, ByteView.of(bytes, 0, length), TIGHT);
            assertBounded(image, ByteView.of(bytes, 0, i), TIGHT);
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> aDamagedPayload() throws IOException {
    SplittableRandom random = new SplittableRandom(24);
    return images().stream()
        .filter(Image::isQuick)
        .map(
            image ->
                dynamicTest(
                    image,
                    (same, bytes) -> {
                      Payload payload = image.layers().get(1).stored().orElseThrow();
                      for (int i = 0; i < DAMAGES; i++) {
                        int at = (int) (payload.offset() + random.nextLong(payload.size()));
                        bytes[at] ^= (byte) (1 + random.nextInt(255));
                        assertBounded(image, ByteView.of(bytes), ROOMY);
                        image.restore(bytes, at, 1);
                      }
                    }));
  }

  private void assertBounded(Image image, ByteView file, Limits limits) {
    LoadRequest request = LoadRequest.of(file, image.machine()).withLimits(limits);
    Steps steps = new Steps();
    long before = threads.getCurrentThreadAllocatedBytes();
    LoadPlan plan = KexecFileLoader.load(request, List.of(), steps);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    assertThat(plan.isLoadable()).isNotEqualTo(plan.refusal().isPresent());
    assertThat(allocated).isLessThan(PLAN_MEMORY + OUTPUT_COPIES * limits.of(Limit.DECOMPRESSED));
    assertThat(steps.produced).isLessThanOrEqualTo(OUTPUT_COPIES * limits.of(Limit.DECOMPRESSED));
  }

  private static Stream<DynamicTest> overImages(BiConsumer<Image, byte[]> check)
      throws IOException {
    return images().stream().map(image -> dynamicTest(image, check));
  }

  private static DynamicTest dynamicTest(Image image, BiConsumer<Image, byte[]> check) {
    return DynamicTest.dynamicTest(
        image.name(), () -> check.accept(image, image.bytes().toByteArray()));
  }

  /** The files, and what is inside them. */
  private static List<Image> images() throws IOException {
    Path folder = Path.of(System.getProperty("kexecsim.images", "absent"));
    assumeTrue(Files.isDirectory(folder), "skipped: no folder of real images (kexecsim.images)");
    List<Image> images = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(Image::isOne).sorted().toList()) {
        String name = file.getFileName().toString();
        List<Layer> layers = Layers.of(ByteView.of(Files.readAllBytes(file)), Limits.DEFAULT);
        for (int i = 0; i < layers.size(); i++) {
          String inner = i == 0 ? name : name + ", layer " + (i + 1);
          images.add(new Image(inner, layers.subList(i, layers.size())));
        }
      }
    }
    assertThat(images).isNotEmpty();
    return images;
  }

  /**
   * A kernel image that nobody touched.
   *
   * @param layers it and what is inside it
   */
  private record Image(String name, List<Layer> layers) {
    private static final long SMALL = 8 << 20;

    static boolean isOne(Path file) {
      return file.toString().matches(".*(zboot|Image|efi)");
    }

    ByteView bytes() {
      return layers.get(0).bytes();
    }

    Machine machine() {
      return SampleMachines.machine(
          layers.get(0).image().architecture().orElse(Architecture.ARM64));
    }

    /** Whether it can be decompressed some hundred times. */
    boolean isQuick() {
      return layers.size() > 1
          && layers.get(1).size() < SMALL
          && layers
              .get(1)
              .stored()
              .flatMap(Payload::method)
              .filter(method -> method != CompressionMethod.XZ)
              .isPresent();
    }

    void restore(byte[] copy, int offset, int length) {
      bytes().copyTo(offset, copy, offset, length);
    }
  }

  /** How much was decoded, all attempts together. */
  private static final class Steps implements Progress {
    private long produced;
    private int last;

    @Override
    public void into(byte[] destination) {
      last = 0;
    }

    @Override
    public void at(int consumed, int nowProduced) {
      produced += nowProduced - last;
      last = nowProduced;
    }
  }
}
