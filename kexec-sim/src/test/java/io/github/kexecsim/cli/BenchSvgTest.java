package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.bench.BenchResult;
import io.github.kexecsim.bench.Measurement;
import io.github.kexecsim.bench.Sample;
import io.github.kexecsim.bench.Timings;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class BenchSvgTest {
  @Test
  void whateverIsMeasuredIsInThePicture() {
    Random random = new Random(3);
    for (int i = 0; i < 300; i++) {
      String svg = BenchSvg.of(report("Image", random));
      NodeList circles = Svg.parse(svg).getElementsByTagName("circle");
      assertThat(circles.getLength()).isEqualTo(CompressionMethod.values().length + 1);
      for (int j = 0; j < circles.getLength(); j++) {
        Element circle = (Element) circles.item(j);
        assertThat(Double.parseDouble(circle.getAttribute("cx"))).isBetween(84.0, 770.0);
        assertThat(Double.parseDouble(circle.getAttribute("cy"))).isBetween(84.0, 412.0);
      }
      assertThat(Svg.texts(svg)).hasSizeLessThan(60);
      assertThat(BenchText.of(report("Image", random)).lines())
          .allMatch(line -> line.length() <= TextPage.WIDTH);
    }
  }

  private static BenchReport report(String name, Random random) {
    int size = 1 + random.nextInt(1 << 20);
    ByteView bytes = ByteView.of(new byte[size]);
    Sample sample = new Sample(bytes, 1, size + (random.nextBoolean() ? 0 : random.nextInt(size)));
    List<Measurement> measurements = new ArrayList<>();
    int span = 1 + random.nextInt(30);
    for (CompressionMethod method : CompressionMethod.values()) {
      long nanos = 1L << random.nextInt(span);
      measurements.add(
          new Measurement(
              method, 1 + random.nextInt(size), size, new Timings(List.of(nanos, nanos))));
    }
    return new BenchReport(
        new InputFile(name, bytes),
        List.of(),
        new BenchResult(sample, measurements, Optional.of(measurements.get(0))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a/<b> & \"c\"]]>",
        "\u0007bell\u001b[31m",
        "\ud800lone",
        "non\uffffcharacter",
        "/",
        "",
        "\ud83d\udc27 of a very long name, long enough that it does not fit on the picture at all",
        "%s%n%d"
      })
  void anyNameIsWellFormed(String name) {
    assertThat(Svg.texts(BenchSvg.of(report(name, new Random(1)))).get(0))
        .endsWith(": size against speed")
        .hasSizeLessThan(80);
  }

  @Test
  void ticksAreRoundAndTakeEverythingIn() {
    Random random = new Random(2);
    for (int i = 0; i < 2000; i++) {
      double least = Math.pow(10, random.nextInt(9) - 3) * (0.1 + random.nextDouble());
      double most = least * (1 + random.nextInt(3) * random.nextDouble());
      for (ChartScale scale :
          List.of(
              ChartScale.linear(least, most, 0, 100),
              ChartScale.logarithmic(least, most, 0, 100))) {
        assertThat(scale.ticks()).isSorted().doesNotHaveDuplicates().hasSizeBetween(2, 10);
        assertThat(scale.place(least)).isBetween(0.0, 100.0);
        assertThat(scale.place(most)).isBetween(scale.place(least), 100.0);
      }
    }
    assertThat(ChartScale.linear(7.5, 12, 0, 1).ticks())
        .containsExactly(7., 8., 9., 10., 11., 12., 13.);
    assertThat(ChartScale.logarithmic(30, 900, 0, 1).ticks())
        .containsExactly(20., 50., 100., 200., 500., 1000.);
    assertThat(ChartScale.label(0.30000000000000004)).isEqualTo("0.3");
    assertThat(ChartScale.label(2000)).isEqualTo("2000");
  }

  @Test
  void labelsHideNothing() {
    ChartLabels labels = new ChartLabels(0, 0, 200, 200);
    labels.avoid(100, 100, 9);
    ChartLabels.Label first = labels.place(100, 100, "one");
    ChartLabels.Label second = labels.place(100, 100, "two");
    assertThat(first.anchor()).isEqualTo("start");
    assertThat(second).isNotEqualTo(first);
    assertThat(labels.place(195, 100, "three").anchor()).isNotEqualTo("start");
  }
}
