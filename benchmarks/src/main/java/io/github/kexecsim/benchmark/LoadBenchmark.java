package io.github.kexecsim.benchmark;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleMachines;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
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

/** A whole load of a zboot image, and what of it is decompression. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+IgnoreUnrecognizedVMOptions",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class LoadBenchmark {
  /** A kernel file of arm64, riscv64 or loongarch64; a synthetic kernel unless told. */
  @Param("")
  public String image;

  /** How the zboot image is compressed that is made of it. */
  @Param({"GZIP_OURS", "LZ4_OURS", "ZSTD_OURS"})
  public Codec codec;

  private byte[] payload;
  private byte[] output;
  private LoadRequest request;

  /** Wraps the kernel. */
  @Setup
  public void setUp() throws IOException {
    Kernel kernel = Kernel.read(image);
    Architecture architecture =
        kernel
            .architecture()
            .filter(found -> found != Architecture.X86_64)
            .orElseThrow(() -> new IllegalArgumentException(image + " is not for zboot"));
    payload = kernel.compressed(codec);
    output = new byte[kernel.bytes().size()];
    byte[] zboot =
        ZbootWriter.write(architecture, codec.payloadName(), ByteView.of(payload), output.length);
    request = LoadRequest.of(ByteView.of(zboot), SampleMachines.machine(architecture));
    if (!load().isLoadable()) {
      throw new IllegalStateException("refused: " + load().refusal());
    }
  }

  /** From the bytes of the file to placed segments. */
  @Benchmark
  public LoadPlan load() {
    return KexecFileLoader.load(request);
  }

  /** The decompressor alone, into an array that is there already: the least that a load takes. */
  @Benchmark
  public int codecAlone() throws IOException, DataFormatException {
    return codec.decode(payload, output);
  }

  /** The decompressor alone, into a new array, as a load that can be kept needs one. */
  @Benchmark
  public byte[] codecIntoNewArray() throws IOException, DataFormatException {
    byte[] fresh = new byte[output.length];
    codec.decode(payload, fresh);
    return fresh;
  }
}
