package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.place.KexecSegment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Loads from many threads at once: each is as if it were alone, and leaves nothing behind. */
class ConcurrentLoadsTest {
  private static final int THREADS = 64;
  private static final int KERNEL_SIZE = 400_000;

  @Test
  void sixtyFourThreadsPlanWhatOneDoes() throws Exception {
    List<LoadRequest> requests = requests();
    List<String> expected = requests.stream().map(ConcurrentLoadsTest::planned).toList();
    assertThat(expected).anyMatch(plan -> plan.startsWith("loadable"));
    assertThat(expected).anyMatch(plan -> plan.startsWith("refused"));
    Held before = Held.now();

    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Thread> made = new ArrayList<>();
    ExecutorService threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task);
              made.add(thread);
              return thread;
            });
    try {
      List<Future<List<String>>> answers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        List<Integer> order = shuffled(requests.size(), i);
        answers.add(
            threads.submit(
                () -> {
                  start.await();
                  String[] plans = new String[requests.size()];
                  order.forEach(n -> plans[n] = planned(requests.get(n)));
                  return List.of(plans);
                }));
      }
      for (Future<List<String>> answer : answers) {
        assertThat(answer.get()).isEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
      assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
      // The pool is at its end a moment before its threads are.
      for (Thread thread : made) {
        thread.join();
      }
    }
    // What earlier tests left may go meanwhile; nothing may come.
    Held after = Held.now();
    assertThat(before.threads()).containsAll(after.threads());
    assertThat(before.open()).containsAll(after.open());
    assertThat(before.mapped()).containsAll(after.mapped());
  }

  @Test
  void aLoadThatIsInterruptedByAnotherThreadIsRefusedHalfWay() throws Exception {
    LoadRequest request = request(zboot(CompressionMethod.GZIP, Architecture.ARM64));
    CountDownLatch decoding = new CountDownLatch(1);
    List<Integer> reports = new ArrayList<>();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<LoadPlan> plan =
          threads.submit(
              () ->
                  KexecFileLoader.load(
                      request,
                      List.of(),
                      (consumed, produced) -> {
                        reports.add(produced);
                        decoding.countDown();
                        awaitInterrupt();
                      }));
      decoding.await();
      threads.shutdownNow();
      Refusal refusal = plan.get().refusal().orElseThrow();
      assertThat(refusal.reason()).isEqualTo(Reason.INTERRUPTED);
    } finally {
      assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }
    assertThat(reports).hasSize(1);
    assertThat(reports.get(0)).isLessThan(KERNEL_SIZE);
  }

  private static void awaitInterrupt() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Everything of a plan that a user can see, in one line. */
  private static String planned(LoadRequest request) {
    try (Digests digests = new Digests()) {
      digests.begin(request.image());
      LoadPlan plan = KexecFileLoader.load(request, List.of(), digests);
      String found =
          plan.layers().stream()
              .map(layer -> layer.image() + " " + digests.sha256(layer.bytes()))
              .collect(Collectors.joining("; "));
      String answer =
          plan.refusal()
              .map(refusal -> "refused " + refusal.reason() + " " + refusal.message())
              .orElseGet(() -> "loadable " + segments(plan, digests));
      return answer + "; " + found + "; " + plan.warnings();
    }
  }

  private static String segments(LoadPlan plan, Digests digests) {
    return plan.placed().orElseThrow().segments().stream()
        .map(segment -> segment.role() + " " + segment.range() + " " + content(segment, digests))
        .collect(Collectors.joining(", "));
  }

  private static String content(KexecSegment segment, Digests digests) {
    return segment.content().map(digests::sha256).orElse("");
  }

  private static List<Integer> shuffled(int size, int seed) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    return order;
  }

  private static List<LoadRequest> requests() {
    List<LoadRequest> requests = new ArrayList<>();
    for (CompressionMethod method : CompressionMethod.values()) {
      byte[] image = zboot(method, Architecture.ARM64);
      requests.add(request(image));
      byte[] damaged = image.clone();
      damaged[image.length / 2] ^= 0x55;
      requests.add(request(damaged));
    }
    byte[] raw = kernel();
    requests.add(request(raw));
    requests.add(request(raw).withInitrd(ByteView.of(new byte[100_000])).withCommandLine("quiet"));
    requests.add(request(new byte[0]));
    return requests;
  }

  private static LoadRequest request(byte[] image) {
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .iomem(Iomem.parse("40000000-7fffffff : System RAM\n"))
            .build();
    return LoadRequest.of(ByteView.of(image), machine);
  }

  private static byte[] zboot(CompressionMethod method, Architecture architecture) {
    byte[] kernel = kernel();
    byte[] payload = Compressors.byMethod(method).compress(ByteView.of(kernel));
    return ZbootWriter.write(architecture, method.label(), ByteView.of(payload), kernel.length);
  }

  /** A raw arm64 Image that compresses by half. */
  private static byte[] kernel() {
    byte[] bytes = new byte[KERNEL_SIZE];
    Random random = new Random(5);
    for (int i = 64; i < bytes.length; i += 2) {
      bytes[i] = (byte) random.nextInt();
    }
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(16, KERNEL_SIZE).putLong(24, 0xa).putInt(0x38, 0x644d_5241);
    return bytes;
  }

  /** What a process has open. */
  private record Held(Set<String> threads, Set<String> open, Set<String> mapped) {
    static Held now() throws IOException {
      Set<String> threads =
          Thread.getAllStackTraces().keySet().stream()
              .filter(Thread::isAlive)
              .map(thread -> thread.getName() + " " + thread.getId())
              .collect(Collectors.toCollection(TreeSet::new));
      return new Held(threads, openFiles(), mappedFiles());
    }

    /**
     * Files only: the virtual machine has sockets of its own. None where the system does not tell.
     */
    private static Set<String> openFiles() throws IOException {
      Path descriptors = Path.of("/proc/self/fd");
      Set<String> open = new TreeSet<>();
      if (Files.isDirectory(descriptors)) {
        try (Stream<Path> entries = Files.list(descriptors)) {
          // The listing's own descriptor is gone once it is asked for.
          for (Path entry : entries.filter(Files::exists).toList()) {
            open.add(Files.readSymbolicLink(entry).toString());
          }
        }
      }
      open.removeIf(file -> !file.startsWith("/") || isCode(file));
      return open;
    }

    /** The virtual machine opens these when it loads a class. */
    private static boolean isCode(String file) {
      return file.endsWith(".jar") || file.endsWith(".so") || file.endsWith("/modules");
    }

    private static Set<String> mappedFiles() throws IOException {
      Path maps = Path.of("/proc/self/maps");
      return Files.exists(maps)
          ? Files.readAllLines(maps).stream()
              .filter(line -> line.contains("/"))
              .map(line -> line.substring(line.indexOf('/')))
              .filter(file -> !isCode(file))
              .collect(Collectors.toCollection(TreeSet::new))
          : Set.of();
    }
  }
}
