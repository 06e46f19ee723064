package io.github.kexecsim.bench;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Decompressors;
import io.github.kexecsim.loader.codec.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/** The process that {@link DecoderProcess} starts: decodes one payload again and again. */
final class DecoderMain {
  /** What the line with the answer begins with; a JVM may print lines of its own. */
  static final String ANSWER = "kexec-sim-nanos";

  private static final int LEAST_CALLS = 4;
  private static final int MOST_CALLS = 100_000;

  private DecoderMain() {}

  /**
   * Decodes what stands on standard input.
   *
   * @param arguments the method's name, the output's size and CRC-32, and how many milliseconds to
   *     go on for
   */
  public static void main(String[] arguments) throws IOException {
    ByteView payload = ByteView.of(System.in.readAllBytes());
    CompressionMethod method = CompressionMethod.byName(arguments[0]).orElseThrow();
    byte[] output = new byte[Integer.parseInt(arguments[1])];
    long budget = Long.parseLong(arguments[3]) * 1_000_000;
    List<Long> nanos = time(() -> decode(method, payload, output), budget, System::nanoTime);
    CRC32 crc = new CRC32();
    crc.update(output);
    if (crc.getValue() != Long.parseLong(arguments[2])) {
      throw new IllegalStateException(method + " does not decode to what was encoded");
    }
    System.out.println(
        nanos.stream().map(String::valueOf).collect(Collectors.joining(" ", ANSWER + " ", "")));
  }

  private static void decode(CompressionMethod method, ByteView payload, byte[] output) {
    int produced = Decompressors.byMethod(method).decompress(payload, output, Progress.NONE);
    if (produced != output.length) {
      throw new IllegalStateException(produced + " bytes came out, not " + output.length);
    }
  }

  /**
   * Times call after call until the budget is used up.
   *
   * @param budget nanoseconds from the first call's start; a few calls are made in any case
   * @param clock nanoseconds since some moment
   * @return the calls' times in order
   */
  static List<Long> time(Runnable call, long budget, LongSupplier clock) {
    List<Long> nanos = new ArrayList<>();
    long start = clock.getAsLong();
    long before = start;
    while (nanos.size() < LEAST_CALLS || before - start < budget && nanos.size() < MOST_CALLS) {
      call.run();
      long after = clock.getAsLong();
      nanos.add(after - before);
      before = after;
    }
    return nanos;
  }
}
