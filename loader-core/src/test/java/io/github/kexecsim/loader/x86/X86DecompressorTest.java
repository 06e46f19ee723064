package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.x86.DecompressorRegion.Role;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class X86DecompressorTest {
  private static final int INIT_SIZE = 0x260;
  private final byte[] image = X86Fixtures.bzImage(X86Fixtures.vmlinux(0, 0, 0));

  @Test
  void regionsBehindTheOutputTileTheMemoryUpToInitSize() {
    X86Decompressor own = decompressor(image).orElseThrow();
    List<DecompressorRegion> regions = own.regions();
    assertThat(regions).extracting(DecompressorRegion::role).containsExactly(Role.values());
    assertThat(regions.get(0).size()).isEqualTo(X86Fixtures.ELF_SIZE + 12);
    assertThat(regions.get(1).start()).isEqualTo(own.movedTo().orElseThrow());
    for (int i = 2; i < regions.size(); i++) {
      // The linker aligns .bss to a cache line, and here the file ends at one.
      assertThat(regions.get(i).start()).isEqualTo(regions.get(i - 1).end());
    }
    assertThat(regions.get(regions.size() - 1).end()).isEqualTo(own.initSize());
    assertThat(own.findings()).isEmpty();
  }

  @Test
  void tooSmallInitSizeIsADefect() {
    long needed = decompressor(image).orElseThrow().neededInitSize().orElseThrow();
    assertThat(flaws(X86Fixtures.with32(image, INIT_SIZE, (int) needed))).isEmpty();
    assertThat(flaws(X86Fixtures.with32(image, INIT_SIZE, (int) needed - 1)))
        .containsExactly(Flaw.INIT_SIZE_TOO_SMALL);
    X86Decompressor none = decompressor(X86Fixtures.with32(image, INIT_SIZE, 0x1000)).orElseThrow();
    assertThat(none.movedTo()).isEmpty();
    assertThat(none.regions()).extracting(DecompressorRegion::role).containsExactly(Role.OUTPUT);
  }

  @Test
  void imageWithoutPeHeaderDoesNotTellItsMemory() {
    byte[] plain = X86Fixtures.with32(image, 0x40, 0);
    X86Decompressor own = decompressor(plain).orElseThrow();
    assertThat(own.fileEnd()).isEqualTo(decompressor(image).orElseThrow().fileEnd());
    assertThat(own.memoryEnd()).isEmpty();
    assertThat(own.neededInitSize()).isEmpty();
    assertThat(own.zeroRanges(0x100_0000, own.fileEnd(), own.initSize())).isEmpty();
    assertThat(flaws(X86Fixtures.with32(plain, INIT_SIZE, 1)))
        .containsExactly(Flaw.INIT_SIZE_TOO_SMALL);
  }

  @Test
  void protocolsBefore210TellNothing() {
    assertThat(decompressor(X86Fixtures.with32(image, 0x206, 0x20a))).isPresent();
    assertThat(decompressor(X86Fixtures.with32(image, 0x206, 0x209))).isEmpty();
  }

  @Test
  void loaderZeroesWhatTheFileDoesNotHave() {
    X86Decompressor own = decompressor(image).orElseThrow();
    long mem = 0x4000_0000L;
    long end = own.memoryEnd().orElseThrow();
    List<ZeroRange> ranges = own.zeroRanges(mem, own.fileEnd(), own.initSize());
    assertThat(ranges)
        .containsExactly(
            new ZeroRange(new PhysRange(mem + own.bssStart(), mem + end), ZeroRange.By.LOADER),
            new ZeroRange(
                new PhysRange(
                    mem + own.movedTo().orElseThrow() + own.bssStart(), mem + own.initSize()),
                ZeroRange.By.DECOMPRESSOR));
    assertThat(ranges).extracting(ZeroRange::isBeforeEntry).containsExactly(true, false);
  }

  @Test
  void bytesBehindTheKernelLieInBss() {
    X86Decompressor own = decompressor(image).orElseThrow();
    long signed = own.fileEnd() + 0x5c0;
    List<ZeroRange> ranges = own.zeroRanges(0x100_0000, signed, own.initSize());
    assertThat(ranges.get(0))
        .isEqualTo(
            new ZeroRange(
                new PhysRange(0x100_0000 + own.fileEnd(), 0x100_0000 + signed),
                ZeroRange.By.NOBODY));
    assertThat(ranges.get(1).range().start()).isEqualTo(0x100_0000 + signed);
  }

  @Test
  void outputBeginsAtPrefAddressAtLeast() {
    X86Decompressor own = decompressor(image).orElseThrow();
    List<ZeroRange> low = own.zeroRanges(0x10_0000, own.fileEnd(), own.initSize());
    assertThat(low.get(1).range().end()).isEqualTo(X86Fixtures.PREF_ADDRESS + own.initSize());
    List<ZeroRange> odd = own.zeroRanges(0x110_0000, own.fileEnd(), own.initSize());
    assertThat(odd.get(1).range().end()).isEqualTo(0x120_0000 + own.initSize());
    assertThatThrownBy(() -> own.zeroRanges(-1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void changedHeadersAreAnsweredOrEmpty() {
    SplittableRandom random = new SplittableRandom(31);
    for (int round = 0; round < 20_000; round++) {
      byte[] changed = image.clone();
      for (int edits = random.nextInt(1, 5); edits > 0; edits--) {
        int at = random.nextBoolean() ? random.nextInt(0x40, 0xf0) : random.nextInt(0x1f1, 0x26c);
        changed[at] = (byte) random.nextInt();
      }
      Optional<X86Decompressor> own;
      try {
        own = decompressor(changed);
      } catch (KexecException e) {
        continue;
      }
      if (own.isPresent()) {
        own.get().regions();
        own.get().findings();
        own.get().zeroRanges(PhysRange.LIMIT, 0, Long.MAX_VALUE);
        own.get().zeroRanges(0x100_0000, 0x1000, 0x2000);
      }
    }
  }

  private static List<Flaw> flaws(byte[] file) {
    return decompressor(file).orElseThrow().findings().stream().map(Finding::flaw).toList();
  }

  private static Optional<X86Decompressor> decompressor(byte[] file) {
    ByteView view = ByteView.of(file);
    return X86Decompressor.of(new Layer(ImageProbe.parse(view), view, Optional.empty()));
  }
}
