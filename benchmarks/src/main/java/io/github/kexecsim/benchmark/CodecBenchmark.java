package io.github.kexecsim.benchmark;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Every decoder on the same kernel. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+IgnoreUnrecognizedVMOptions",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class CodecBenchmark {
  /** A kernel file, wrapped or not; a synthetic kernel unless told. */
  @Param("")
  public String image;

  @Param public Codec codec;

  private byte[] payload;
  private byte[] output;

  /** Megabytes, of 10^6 bytes, a second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Megabytes {
    /** Of the payload; the ratio of the two is that of compression. */
    public double in;

    /** Of the kernel: what speeds are compared by. */
    public double out;
  }

  /** Makes or finds the payload, tells its size, and has it decoded to what it was made of. */
  @Setup
  public void setUp() throws IOException, DataFormatException {
    Kernel kernel = Kernel.read(image);
    payload = kernel.compressed(codec);
    output = new byte[kernel.bytes().size()];
    System.out.printf(
        Locale.ROOT,
        "(%s: %d bytes, ratio %.3f) ",
        codec.payloadName(),
        payload.length,
        (double) output.length / payload.length);
    int produced = codec.decode(payload, output);
    if (produced != output.length || !ByteView.of(output).equals(kernel.bytes())) {
      throw new IllegalStateException(codec + " does not decode to what was encoded");
    }
  }

  /** The whole payload, into an array that is there already. */
  @Benchmark
  public byte[] decompress(Megabytes megabytes) throws IOException, DataFormatException {
    megabytes.out += codec.decode(payload, output) / 1e6;
    megabytes.in += payload.length / 1e6;
    return output;
  }
}
