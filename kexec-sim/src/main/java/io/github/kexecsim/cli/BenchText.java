package io.github.kexecsim.cli;

import io.github.kexecsim.bench.Measurement;
import io.github.kexecsim.bench.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The measurements as a table for people. */
final class BenchText {
  private BenchText() {}

  static String of(BenchReport report) {
    TextPage page = new TextPage();
    page.labelled(
        "kernel",
        TextPage.printable(report.image().name()) + ": " + LayerView.line(report.layers()));
    page.labelled("measured", measured(report));
    page.line("");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("method", "size", "ratio", "MB/s", "first call", "boot", ""));
    for (Measurement measurement : report.result().methods()) {
      rows.add(row(report, measurement, ""));
    }
    report
        .result()
        .shipped()
        .ifPresent(shipped -> rows.add(row(report, shipped, "as the image has it")));
    page.table(0, rows, 1, 2, 3, 4, 5);
    page.line("");
    explain(page, report);
    return page.toString();
  }

  private static String measured(BenchReport report) {
    Sample sample = report.result().sample();
    String part =
        sample.isWhole()
            ? "all of it"
            : ByteCount.human(sample.bytes().size())
                + " of it, "
                + sample.pieces()
                + " pieces from all over";
    int processors = BenchReport.processors();
    return part
        + ", compressed as the kernel build does; "
        + BenchReport.jvm()
        + ", "
        + processors
        + (processors == 1 ? " processor" : " processors");
  }

  private static List<String> row(BenchReport report, Measurement measurement, String note) {
    long kernel = report.kernelSize();
    return List.of(
        measurement.method().label(),
        ByteCount.human(measurement.compressedSizeOf(kernel)),
        String.format(Locale.ROOT, "%.2f", measurement.ratio()),
        threeDigits(measurement.megabytesPerSecond()),
        threeDigits(measurement.firstCallMillis()) + " ms",
        threeDigits(measurement.millisFor(kernel)) + " ms",
        note);
  }

  /** As many decimals as a measurement is worth. */
  static String threeDigits(double value) {
    String format = value < 1 ? "%.2f" : value < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, value);
  }

  private static void explain(TextPage page, BenchReport report) {
    boolean whole = report.result().sample().isWhole();
    page.labelled("size", "of the whole kernel" + (whole ? "" : ", as far as the sample tells"));
    page.labelled("MB/s", "of output, 10^6 bytes each, on one processor, once warm");
    page.labelled(
        "first call", "in a new Java process" + (whole ? "" : ", for the sample's size of output"));
    page.labelled(
        "boot", "what decompressing the whole kernel takes at that speed, by kexec-sim's decoders");
    if (report.image().name().equals(BenchReport.SYNTHETIC)) {
      page.labelled("note", "the kernel is made up; name an IMAGE to learn about a real one");
    }
  }
}
