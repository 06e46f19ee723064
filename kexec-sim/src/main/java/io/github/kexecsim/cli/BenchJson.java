package io.github.kexecsim.cli;

import io.github.kexecsim.bench.Measurement;
import io.github.kexecsim.loader.digest.Digests;

/** The measurements as a document of the schema {@code kexec-sim/bench/1}. */
final class BenchJson {
  private static final String SCHEMA = "kexec-sim/bench/1";

  private BenchJson() {}

  static String of(BenchReport report) {
    try (Digests digests = new Digests()) {
      return of(report, digests.sha256(report.image().bytes()));
    }
  }

  private static String of(BenchReport report, String sha256) {
    return JsonText.of(
        json -> {
          json.string("schema", SCHEMA)
              .object(
                  "image",
                  image ->
                      image
                          .string("file", report.image().name())
                          .hex("size", report.image().bytes().size())
                          .string("sha256", sha256)
                          .hex("kernel_size", report.kernelSize()))
              .object(
                  "sample",
                  sample ->
                      sample
                          .hex("size", report.result().sample().bytes().size())
                          .number("pieces", report.result().sample().pieces()))
              .string("jvm", BenchReport.jvm())
              .number("processors", BenchReport.processors())
              .objects(
                  "methods",
                  report.result().methods(),
                  measurement -> write(json, report, measurement));
          report
              .result()
              .shipped()
              .ifPresent(
                  measurement ->
                      json.object("shipped", inner -> write(inner, report, measurement)));
        });
  }

  private static void write(JsonText json, BenchReport report, Measurement measurement) {
    json.string("method", measurement.method().label())
        .hex("compressed_size", measurement.compressedSize())
        .hex("size", measurement.size())
        .decimal("ratio", measurement.ratio())
        .number("calls", measurement.timings().nanos().size())
        .decimal("first_call_ms", measurement.firstCallMillis())
        .decimal("megabytes_per_second", measurement.megabytesPerSecond())
        .hex("kernel_compressed_size", measurement.compressedSizeOf(report.kernelSize()))
        .decimal("kernel_ms", measurement.millisFor(report.kernelSize()));
  }
}
