package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DestinationsTest {
  private static final int PAGE = 4096;
  private static final PhysRange HIGH = new PhysRange(0x20000, 0x22000);
  private static final PhysRange LOW = new PhysRange(0x10000, 0x13000);

  /** Two pages at 0x20000, then three below them: the order of loading counts. */
  private final Destinations destinations =
      new Destinations(List.of(segment(HIGH, 1), segment(LOW, 2 * PAGE + 1)), PAGE);

  private static KexecSegment segment(PhysRange range, int bufsz) {
    byte[] content = new byte[bufsz];
    content[bufsz - 1] = 7;
    return new KexecSegment(SegmentRole.KERNEL, range, bufsz, Optional.of(ByteView.of(content)));
  }

  @Test
  void pagesAreNumberedInTheOrderOfLoading() {
    long[] addresses = {0x20000, 0x21000, 0x10000, 0x11000, 0x12000};
    assertThat(destinations.pages()).isEqualTo(addresses.length);
    for (int i = 0; i < addresses.length; i++) {
      assertThat(destinations.address(i)).isEqualTo(addresses[i]);
      assertThat(destinations.indexOf(addresses[i])).isEqualTo(i);
      assertThat(destinations.indexOf(addresses[i] + PAGE - 1)).isEqualTo(i);
      assertThat(destinations.contains(addresses[i])).isTrue();
      assertThat(destinations.segmentOf(i)).isEqualTo(i < 2 ? 0 : 1);
    }
    assertThat(destinations.ranges()).isEqualTo(PhysRangeSet.of(LOW, HIGH));
  }

  @Test
  void elsewhereNothingGoes() {
    for (long address : new long[] {0, 0xffff, 0x13000, 0x1ffff, 0x22000}) {
      assertThat(destinations.contains(address)).isFalse();
      assertThat(destinations.indexOf(address)).isEqualTo(-1);
      assertThatIllegalArgumentException().isThrownBy(() -> destinations.content(address));
    }
  }

  @Test
  void tellsWhatEachPageMustHold() {
    assertThat(destinations.content(0x20000).u8(0)).isEqualTo(7);
    assertThat(destinations.content(0x12000).u8(0)).isEqualTo(7);
    for (long zeros : new long[] {0x21000, 0x10000, 0x11000}) {
      assertThat(destinations.content(zeros).toByteArray()).isEqualTo(new byte[PAGE]);
    }
  }
}
