package io.github.kexecsim.bench;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressor;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Measures every method on one sample: compresses it as the kernel build would, on two processors
 * where there are two, and then has it decoded, one method at a time.
 *
 * @param budget how long each method is decoded for
 * @param progress told what is being done
 */
public record CodecBench(Duration budget, BenchProgress progress) {
  /** With dictionaries and match finders for two, memory runs short before processors do. */
  private static final int MOST_THREADS = 2;

  /** Started first, so that no processor is left alone with one of them at the end. */
  private static final Set<CompressionMethod> SLOW_TO_COMPRESS =
      EnumSet.of(CompressionMethod.XZ, CompressionMethod.LZMA, CompressionMethod.ZSTD);

  private record Encoded(CompressionMethod method, ByteView payload) {}

  public CodecBench {
    Objects.requireNonNull(budget);
    Objects.requireNonNull(progress);
  }

  /**
   * Measures.
   *
   * @param target the architecture whose instructions the sample has, where it is known
   * @param shipped a payload to measure as it stands, besides
   * @throws InterruptedIOException if this process is ending, or its thread is to
   * @throws IOException if no Java process can be started, or one fails
   */
  public BenchResult run(
      Sample sample, Optional<Architecture> target, Optional<ShippedPayload> shipped)
      throws IOException {
    CompressionMethod[] methods = CompressionMethod.values();
    int steps = 2 * methods.length + (shipped.isPresent() ? 1 : 0);
    Map<CompressionMethod, ByteView> payloads = compress(sample.bytes(), target, steps);
    List<Measurement> measured = new ArrayList<>();
    for (CompressionMethod method : methods) {
      progress.at(methods.length + measured.size(), steps, "decompressing " + method);
      measured.add(measure(method, payloads.get(method), sample.bytes()));
    }
    Optional<Measurement> own = Optional.empty();
    if (shipped.isPresent()) {
      ShippedPayload it = shipped.get();
      progress.at(steps - 1, steps, "decompressing the image's own payload");
      own = Optional.of(measure(it.method(), it.bytes(), it.content()));
    }
    progress.at(steps, steps, "done");
    return new BenchResult(sample, measured, own);
  }

  private Measurement measure(CompressionMethod method, ByteView payload, ByteView content)
      throws IOException {
    Timings timings = DecoderProcess.time(method, payload, content, budget);
    return new Measurement(method, payload.size(), content.size(), timings);
  }

  private Map<CompressionMethod, ByteView> compress(
      ByteView input, Optional<Architecture> target, int steps) throws IOException {
    progress.at(0, steps, "compressing");
    ExecutorService threads = threads();
    try {
      CompletionService<Encoded> encoders = new ExecutorCompletionService<>(threads);
      EnumSet.allOf(CompressionMethod.class).stream()
          .sorted(Comparator.comparing(method -> !SLOW_TO_COMPRESS.contains(method)))
          .forEach(method -> encoders.submit(() -> encode(method, target, input)));
      Map<CompressionMethod, ByteView> payloads = new EnumMap<>(CompressionMethod.class);
      while (payloads.size() < CompressionMethod.values().length) {
        Encoded encoded = encoders.take().get();
        payloads.put(encoded.method(), encoded.payload());
        progress.at(payloads.size(), steps, "compressing");
      }
      return payloads;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** What a task threw: nothing checked is among it. */
  private static IllegalStateException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("a compressor failed", thrown);
  }

  private static Encoded encode(
      CompressionMethod method, Optional<Architecture> target, ByteView input) {
    Compressor compressor =
        target
            .map(architecture -> Compressors.byMethod(method, architecture))
            .orElseGet(() -> Compressors.byMethod(method));
    return new Encoded(method, ByteView.of(compressor.compress(input)));
  }

  /** Threads that do not keep a process alive which is told to end. */
  private static ExecutorService threads() {
    int count = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    return Executors.newFixedThreadPool(
        count,
        task -> {
          Thread thread = new Thread(task, "compressor");
          thread.setDaemon(true);
          return thread;
        });
  }
}
