package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Doing what a refusal's hint says makes the load fit. */
class RemediesTest {
  private static final Pattern CRASHKERNEL = Pattern.compile("crashkernel=(\\d+)M");
  private static final Pattern HIGH = Pattern.compile("crashkernel=\\d+M,high");
  private static final Pattern INITRD = Pattern.compile("initrd of at most 0x(\\p{XDigit}+) bytes");

  @ParameterizedTest
  @EnumSource
  void theCrashkernelNamedIsTheSmallestThatTakesTheLoad(Architecture architecture) {
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 60; round++) {
      long start = (64 + 16L * random.nextInt(8)) * MIB;
      PlacementRequest request = crashLoad(architecture, random, mib(start / MIB, start / MIB + 1));

      KexecException refusal = refusal(request);

      assertThat(refusal.reason()).isEqualTo(Reason.NO_ROOM);
      long named = number(CRASHKERNEL, 10, refusal).orElseThrow();
      assertThatCode(() -> TestMachines.place(withRegion(request, start, named)))
          .doesNotThrowAnyException();
      assertThat(refusal(withRegion(request, start, named - 1)).reason()).isEqualTo(Reason.NO_ROOM);
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutACrashRegionOneThatSufficesIsNamed(Architecture architecture) {
    PlacementRequest request =
        TestMachines.request(
            TestMachines.of(architecture, List.of(mib(32, 2048))),
            TestImages.plain(architecture, 10 * MIB, 30 * MIB),
            20 * MIB,
            LoadType.CRASH);

    KexecException refusal = refusal(request);

    assertThat(refusal.reason()).isEqualTo(Reason.NO_CRASH_REGION);
    long named = number(CRASHKERNEL, 10, refusal).orElseThrow();
    assertThatCode(() -> TestMachines.place(withRegion(request, 512 * MIB, named)))
        .doesNotThrowAnyException();
    assertThat(refusal(withRegion(request, 512 * MIB, named - 1)).reason())
        .isEqualTo(Reason.NO_ROOM);
  }

  /** The kernel reserves above 4 GiB only where its parameter says so. */
  @ParameterizedTest
  @CsvSource({"4096, true", "4080, false"})
  void aRegionFromFourGibibytesOnIsNamedAsHigh(long startMib, boolean high) {
    PlacementRequest request =
        TestMachines.request(
            crashMachine(Architecture.X86_64, mib(startMib, startMib + 1)),
            TestImages.plain(Architecture.X86_64, MIB, 2 * MIB),
            LoadType.CRASH);

    assertThat(HIGH.matcher(refusal(request).hint()).find()).isEqualTo(high);
  }

  /** Without ",high", the region is looked for below 4 GiB, however much there is above. */
  @ParameterizedTest
  @EnumSource
  void aNewRegionIsNamedBelowFourGibibytes(Architecture architecture) {
    PlacementRequest request =
        TestMachines.request(
            TestMachines.of(architecture, List.of(mib(32, 2048), mib(4096, 65536))),
            TestImages.plain(architecture, MIB, 2 * MIB),
            LoadType.CRASH);

    KexecException refusal = refusal(request);

    assertThat(number(CRASHKERNEL, 10, refusal)).isPresent();
    assertThat(HIGH.matcher(refusal.hint()).find()).isFalse();
  }

  @Test
  void aFilledCrashRegionIsNotAMissingOne() {
    PlacementRequest request =
        TestMachines.request(
            crashMachine(Architecture.ARM64, mib(64, 72)),
            TestImages.arm64(MIB, 8 * MIB, 0, 0),
            LoadType.CRASH);

    assertThat(refusal(request).reason()).isEqualTo(Reason.NO_ROOM);
  }

  @ParameterizedTest
  @EnumSource
  void theInitrdNamedFits(Architecture architecture) {
    SplittableRandom random = new SplittableRandom(8);
    int named = 0;
    for (int round = 0; round < 100; round++) {
      Machine machine = TestMachines.of(architecture, RandomMemory.ranges(random, 6, 96 * MIB));
      FileContent kernel = TestImages.plain(architecture, 1 * MIB, random.nextLong(2, 8) * MIB);
      PlacementRequest request = TestMachines.request(machine, kernel, 100 * MIB, LoadType.DEFAULT);

      KexecException refusal = refusal(request);

      assertThat(refusal.reason()).isEqualTo(Reason.NO_ROOM);
      OptionalLong size = number(INITRD, 16, refusal);
      if (size.isPresent()) {
        named++;
        long fits = size.getAsLong();
        assertThatCode(
                () ->
                    TestMachines.place(
                        TestMachines.request(machine, kernel, fits, LoadType.DEFAULT)))
            .doesNotThrowAnyException();
        assertThat(
                refusal(TestMachines.request(machine, kernel, fits + 1, LoadType.DEFAULT)).reason())
            .isEqualTo(Reason.NO_ROOM);
      }
    }
    assertThat(named).isGreaterThan(30);
  }

  private static PlacementRequest crashLoad(
      Architecture architecture, SplittableRandom random, PhysRange region) {
    return TestMachines.request(
        crashMachine(architecture, region),
        TestImages.plain(architecture, 1 * MIB, random.nextLong(2 * MIB, 64 * MIB)),
        random.nextLong(1, 64 * MIB),
        LoadType.CRASH);
  }

  private static Machine crashMachine(Architecture architecture, PhysRange region) {
    return TestMachines.of(
        architecture, TestMachines.LINUX_7_2, 4096, List.of(mib(0, 1024)), Optional.of(region));
  }

  private static PlacementRequest withRegion(PlacementRequest request, long start, long mib) {
    return new PlacementRequest(
        request.machine().withCrashRegion(PhysRange.ofSize(start, mib * MIB)),
        request.kernel(),
        request.initrd(),
        request.commandLine(),
        request.type(),
        request.seed());
  }

  private static KexecException refusal(PlacementRequest request) {
    return catchThrowableOfType(KexecException.class, () -> TestMachines.place(request));
  }

  private static OptionalLong number(Pattern pattern, int radix, KexecException refusal) {
    Matcher matcher = pattern.matcher(refusal.hint());
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1), radix))
        : OptionalLong.empty();
  }
}
