package io.github.kexecsim.model.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.model.efi.EfiLoads;
import io.github.kexecsim.model.efi.EfiOptions;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.strategy.StrategyComparison.Course;
import io.github.kexecsim.model.strategy.StrategyComparison.Row;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrategyComparisonTest {
  private static List<Row> rows(LoadRequest request) {
    return StrategyComparison.of(request, EfiOptions.DEFAULT, PageSource.LOWEST_FIRST).rows();
  }

  private static void checkAll(List<Row> rows, long imageSize, long kernelSize) {
    assertThat(rows)
        .extracting(Row::strategy)
        .containsExactly(Strategy.KERNEL, Strategy.USER, Strategy.EMULATED_EFI);
    assertThat(rows).allMatch(row -> row.refusal().isEmpty());
    Course kernel = rows.get(0).course().orElseThrow();
    Course user = rows.get(1).course().orElseThrow();
    Course efi = rows.get(2).course().orElseThrow();
    assertThat(List.of(kernel, user, efi)).allMatch(Course::success);

    assertThat(efi.loadPeak()).isLessThan(kernel.loadPeak());
    assertThat(efi.bootPeak()).isGreaterThan(kernel.bootPeak());
    assertThat(kernel.copies().decompressed()).isEqualTo(kernelSize);
    assertThat(efi.copies().decompressed()).isEqualTo(kernelSize);
    assertThat(efi.copies().loaded()).isBetween(imageSize, imageSize + (1 << 20));
    assertThat(user.verified()).hasSize(1);
    assertThat(kernel.nextKernel().orElseThrow().efi()).isFalse();
    assertThat(efi.nextKernel().orElseThrow().efi()).isTrue();
    assertThat(kernel.nextKernel().orElseThrow().kaslrSeed()).contains("device tree");
    assertThat(user.nextKernel().orElseThrow().kaslrSeed()).isEqualTo("none");
    assertThat(kernel.nextKernel().orElseThrow().handoff().registers()).containsKey("x0");
  }

  @Test
  void theCoursesOfASmallKernel() {
    LoadRequest request = EfiLoads.small();
    checkAll(rows(request), request.image().size(), 300_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny72-arm64-zstd.zboot", "tiny61-arm64-xz.zboot"})
  void theCoursesOfARealKernel(String name) throws IOException {
    byte[] image = EfiLoads.realImage(name);
    long kernelSize = name.startsWith("tiny72") ? 5_963_776 : 4_190_720;
    checkAll(rows(EfiLoads.request(image)), image.length, kernelSize);
  }

  @Test
  void aCourseThatDoesNotLoadTheImageSaysWhy() {
    List<Row> raw = rows(EfiLoads.request(EfiLoads.kernel(300_000, 1)));
    assertThat(raw.get(0).refusal()).isEmpty();
    assertThat(raw.get(2).refusal().orElseThrow().reason()).isEqualTo(Reason.UNSUPPORTED_STRATEGY);
    List<Row> crash = rows(EfiLoads.small().withType(LoadType.CRASH));
    assertThat(crash).allMatch(row -> row.refusal().isPresent());
    List<Row> garbage = rows(EfiLoads.request(new byte[5000]));
    assertThat(garbage).allMatch(row -> row.refusal().isPresent());
    assertThat(
            rows(
                LoadRequest.of(
                    ByteView.of(new byte[5000]),
                    EfiLoads.machine(Architecture.X86_64, 4096, 1 << 20, EfiLoads.GIB))))
        .allMatch(row -> row.refusal().isPresent());
  }
}
