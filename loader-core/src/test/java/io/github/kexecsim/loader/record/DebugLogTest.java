package io.github.kexecsim.loader.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebugLogTest {
  private static final Path RECORDINGS =
      Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));

  /** As Linux 6.7 and newer log it, with a load before it and other lines between. */
  private static final String KERNEL_LOG =
      """
      <7>[   30.000001] kexec_file: kernel: 00000000aaaaaaaa kernel_size: 0x1000
      <7>[   30.000002] kexec_file: nr_segments = 1
      <7>[   30.000003] kexec_file: segment[0]: buf=0x00000000aaaaaaaa bufsz=0x1 mem=0x1000 memsz=0x1000
      <7>[   30.000004] kexec_file: kexec_file_load: type:0, start:0x1000 head:0x4 flags:0x8
      <6>[   31.000000] eth0: link is up
      <7>[   36.774228] kexec_file: kernel: 0000000066c386c8 kernel_size: 0xd78400
      <7>[   36.821814] kexec-bzImage64: Loaded purgatory at 0x23fffb000
      <7>[   36.821829] kexec-bzImage64: Loaded 64bit kernel at 0x23d400000 bufsz=0xd73400 memsz=0x2ab7000
      <7>[   36.821920] kexec-bzImage64: E820 memmap:
      <7>[   36.821930] kexec-bzImage64: 0000000000100000-0000000000811fff (1)
      <7>[   36.821931] kexec-bzImage64: 0000000000812000-0000000000812fff (2)
      <7>[   36.872348] kexec_file: nr_segments = 2
      <7>[   36.872356] kexec_file: segment[0]: buf=0x000000005314ece7 bufsz=0x4000 mem=0x23fffb000 memsz=0x5000
      <7>[   36.872374] kexec_file: segment[1]: buf=0x00000000eb7b1fc3 bufsz=0xd73400 mem=0x23d400000 memsz=0x2ab7000
      <7>[   36.889113] kexec_file: kexec_file_load: type:1, start:0x23fffb150 head:0x2 flags:0xa
      """;

  private static final String KEXEC_TOOLS =
      """
      Try gzip decompression.
      kexec_load: entry = 0x5ef54700 flags = 0x3e0001
      nr_segments = 2
      segment[0].buf   = 0x7f6449f95810
      segment[0].bufsz = 0x91ce60
      segment[0].mem   = 0x5d000000
      segment[0].memsz = 0x1f3f000
      segment[1].buf   = (nil)
      segment[1].bufsz = (nil)
      segment[1].mem   = 0x5ef50000
      segment[1].memsz = 0x4000
      """;

  @Test
  void readsTheLastLoadOfAKernelLog() {
    DebugLog log = DebugLog.parse(KERNEL_LOG);

    assertThat(log.segments())
        .containsExactly(
            new LoggedSegment(0x23fffb000L, 0x5000, 0x4000),
            new LoggedSegment(0x23d400000L, 0x2ab7000, 0xd73400));
    assertThat(log.entry()).hasValue(0x23fffb150L);
    assertThat(log.kernelSize()).hasValue(0xd78400);
    assertThat(log.type()).contains(LoadType.CRASH);
    assertThat(log.byKexecTools()).isFalse();
    assertThat(log.accepted()).isTrue();
    assertThat(log.e820())
        .contains(
            List.of(
                new E820Entry(new PhysRange(0x100000, 0x812000), E820Entry.RAM),
                new E820Entry(new PhysRange(0x812000, 0x813000), E820Entry.RESERVED)));
  }

  @Test
  void readsWhatKexecToolsPrints() {
    DebugLog log = DebugLog.parse(KEXEC_TOOLS);

    assertThat(log.byKexecTools()).isTrue();
    assertThat(log.entry()).hasValue(0x5ef54700L);
    assertThat(log.segments())
        .containsExactly(
            new LoggedSegment(0x5d000000, 0x1f3f000, 0x91ce60),
            new LoggedSegment(0x5ef50000, 0x4000, 0));
  }

  @Test
  void readsTheLinesOfOlderKernels() {
    DebugLog log =
        DebugLog.parse(
            "Nov 20 10:00:00 host kernel: kexec_file: Loading segment 0: buf=0x00000000c1d2e3f4"
                + " bufsz=0x10 mem=0x40000000 memsz=0x1000\n");

    assertThat(log.segments()).containsExactly(new LoggedSegment(0x40000000, 0x1000, 0x10));
  }

  @Test
  void aLoadWithoutSegmentsWasRefused() {
    DebugLog log =
        DebugLog.parse(KERNEL_LOG + "kexec_file: kernel: 00000000dfb1129f kernel_size: 0x525200\n");
    KexecException noRoom = new KexecException(Reason.NO_ROOM, "");

    assertThat(log.accepted()).isFalse();
    assertThat(log.differences(noRoom)).isEmpty();
    assertThat(DebugLog.parse(KERNEL_LOG).differences(noRoom)).hasSize(1);
  }

  @Test
  void aLoadThatFailedForAnyReasonWasRefused() {
    DebugLog log = DebugLog.parse(KEXEC_TOOLS + "kexec_load failed: Device or resource busy\n");

    assertThat(log.accepted()).isFalse();
    assertThat(log.refusal()).isEmpty();
    assertThat(log.segments()).hasSize(2);
  }

  @Test
  void kexecToolsSaysWhyALoadWasRefused() {
    DebugLog log =
        DebugLog.parse(
            "kexec_file: kernel: 00000000dfb1129f kernel_size: 0x525200\n"
                + "kexec_file_load failed: Cannot assign requested address\n");

    assertThat(log.refusal()).contains(Errno.EADDRNOTAVAIL);
    assertThat(log.differences(new KexecException(Reason.NO_ROOM, ""))).isEmpty();
    assertThat(log.differences(new KexecException(Reason.BAD_SEGMENT, ""))).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "eth0: link is up\n",
        "kexec_core: Starting new kernel\n",
        "kexec_file: nr_segments = 2\n",
        "kexec_file: nr_segments = 17\n",
        "kexec_file: segment[99]: buf=0x0 bufsz=0x1 mem=0x1000 memsz=0x1000\n",
        "kexec_file: segment[0]: buf=0x0 bufsz=0x1 mem=0xffffffffffffffff memsz=0x1000\n",
      })
  void refusesLogsThatTellOfNoWholeLoad(String text) {
    KexecException refusal = catchThrowableOfType(KexecException.class, () -> DebugLog.parse(text));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_RECORD);
    assertThat(refusal.hint()).isNotEmpty();
  }

  @Test
  void mutatedLogsAreReadOrRefused() {
    SplittableRandom random = new SplittableRandom(11);
    String both = KERNEL_LOG + KEXEC_TOOLS;
    for (int round = 0; round < 5_000; round++) {
      StringBuilder text = new StringBuilder(both);
      for (int i = random.nextInt(1, 6); i > 0; i--) {
        int at = random.nextInt(text.length());
        text.replace(
            at,
            Math.min(text.length(), at + random.nextInt(4)),
            "9f x[".substring(random.nextInt(5)));
      }
      try {
        assertThat(DebugLog.parse(text.toString()).segments()).hasSizeLessThanOrEqualTo(16);
      } catch (KexecException e) {
        assertThat(e.reason()).isIn(Reason.BAD_RECORD, Reason.BAD_MEMORY_MAP);
      }
    }
  }

  /** Recorded loads, written as the two kinds of log, equal their plans; changed, they do not. */
  @Test
  void recordedLoadsEqualTheirPlans() throws IOException {
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    int compared = 0;
    for (RecordedLoads recording : recordings()) {
      for (RecordedLoad load : recording.loads()) {
        if (load.result().equals(RecordedLoad.OK)) {
          PlacedLoad plan = plan(recording, load);
          assertThat(DebugLog.parse(kernelLog(load)).differences(plan)).isEmpty();
          assertThat(DebugLog.parse(toolLog(load)).differences(plan)).isEmpty();
          assertThat(
                  DebugLog.parse(kernelLog(load).replaceFirst(" bufsz=0x", " bufsz=0x1"))
                      .differences(plan))
              .hasSize(1);
          assertThat(DebugLog.parse(withImaSegment(load)).differences(plan)).hasSize(1);
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(50);
  }

  private static List<RecordedLoads> recordings() throws IOException {
    List<RecordedLoads> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(RECORDINGS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        all.add(RecordedLoads.parse(Files.readString(file)));
      }
    }
    return all;
  }

  private static PlacedLoad plan(RecordedLoads recording, RecordedLoad load) {
    Optional<FileContent> initrd =
        load.initrdSize().isPresent()
            ? Optional.of(FileContent.ofSize(load.initrdSize().getAsLong()))
            : Optional.empty();
    return Placement.of(recording.machine().architecture())
        .place(
            new PlacementRequest(
                recording.machine(),
                recording.kernels().get(load.kernel()),
                initrd,
                load.commandLine(),
                load.type(),
                0));
  }

  private static String kernelLog(RecordedLoad load) {
    return "[ 1.5] kexec_file: kernel: 00000000dfb1129f kernel_size: 0x525200\n"
        + segments(load, 0, load.segments().size())
        + String.format(
            "[ 1.5] kexec_file: kexec_file_load: type:%x, start:0x%x head:0x4 flags:0x8%n",
            load.type() == LoadType.CRASH ? 1 : 0, load.entry().orElseThrow());
  }

  private static String withImaSegment(RecordedLoad load) {
    int count = load.segments().size() + 1;
    return segments(load, 1, count)
        + "kexec_file: segment[0]: buf=0x0000000000000000 bufsz=0x0 mem=0x1000 memsz=0x1000\n";
  }

  private static String segments(RecordedLoad load, int first, int count) {
    StringBuilder text = new StringBuilder("[ 1.5] kexec_file: nr_segments = " + count + "\n");
    for (int i = 0; i < load.segments().size(); i++) {
      RecordedSegment segment = load.segments().get(i);
      text.append("[ 1.5] kexec_file: segment[" + (first + i) + "]: buf=0x00000000c1d2e3f4 ")
          .append(
              String.format(
                  "bufsz=0x%x mem=0x%x memsz=0x%x%n",
                  segment.bufsz(), segment.mem(), segment.memsz()));
    }
    return text.toString();
  }

  private static String toolLog(RecordedLoad load) {
    StringBuilder text =
        new StringBuilder(
            String.format("kexec_load: entry = 0x%x flags = 0x0%n", load.entry().orElseThrow()));
    text.append("nr_segments = " + load.segments().size() + "\n");
    List<RecordedSegment> sorted = new ArrayList<>(load.segments());
    sorted.sort((one, other) -> Long.compareUnsigned(one.mem(), other.mem()));
    for (int i = 0; i < sorted.size(); i++) {
      RecordedSegment segment = sorted.get(i);
      String name = "segment[" + i + "]";
      text.append(name + ".buf   = 0x7f0000000000\n")
          .append(String.format("%s.bufsz = 0x%x%n", name, segment.bufsz()))
          .append(String.format("%s.mem   = 0x%x%n", name, segment.mem()))
          .append(String.format("%s.memsz = 0x%x%n", name, segment.memsz()));
    }
    return text.toString();
  }
}
