package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.efi.EfiMemoryMap.Allocation;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EfiMemoryMapTest {
  private static final long DATA = EfiMemoryType.LOADER_DATA.number();
  private static final PhysRange USABLE = PhysRange.ofSize(0x4000_0000, 16 << 12);

  private final EfiMemoryMap map = new EfiMemoryMap(USABLE);

  @Test
  void pagesComeFromTheTop() {
    assertThat(map.allocate(EfiMemoryMap.ANY_PAGES, DATA, 2, 0))
        .isEqualTo(new Allocation(EfiStatus.SUCCESS, 0x4000_e000));
    assertThat(map.allocate(EfiMemoryMap.MAX_ADDRESS, DATA, 1, 0x4000_4fff))
        .isEqualTo(new Allocation(EfiStatus.SUCCESS, 0x4000_4000));
    assertThat(map.allocate(EfiMemoryMap.MAX_ADDRESS, DATA, 1, 0x4000_4ffe))
        .isEqualTo(new Allocation(EfiStatus.SUCCESS, 0x4000_3000));
    assertThat(map.allocate(EfiMemoryMap.ADDRESS, DATA, 3, 0x4000_0000))
        .isEqualTo(new Allocation(EfiStatus.SUCCESS, 0x4000_0000));
    assertThat(map.peak()).isEqualTo(7 * 4096);
  }

  @Test
  void maxAddressIsUnsigned() {
    assertThat(map.allocate(EfiMemoryMap.MAX_ADDRESS, DATA, 1, -1).status())
        .isEqualTo(EfiStatus.SUCCESS);
  }

  @Test
  void refusalsAreTheSpecifications() {
    assertThat(status(3, DATA, 1, 0)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(status(-1, DATA, 1, 0)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    for (long type : new long[] {7, 14, 15, 16, 0x6fff_ffffL, -1, 1L << 32}) {
      assertThat(status(EfiMemoryMap.ANY_PAGES, type, 1, 0)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    }
    assertThat(status(EfiMemoryMap.ANY_PAGES, 0x7000_0000L, 1, 0)).isEqualTo(EfiStatus.SUCCESS);
    assertThat(status(EfiMemoryMap.ANY_PAGES, DATA, 17, 0)).isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(status(EfiMemoryMap.ANY_PAGES, DATA, 0, 0)).isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(status(EfiMemoryMap.ANY_PAGES, DATA, -1, 0)).isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(status(EfiMemoryMap.ANY_PAGES, DATA, Long.MAX_VALUE, 0))
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(status(EfiMemoryMap.MAX_ADDRESS, DATA, 1, 0x4000_0ffe))
        .isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(status(EfiMemoryMap.ADDRESS, DATA, 1, 0x4000_0800)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(status(EfiMemoryMap.ADDRESS, DATA, 1, 0x3fff_f000)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(status(EfiMemoryMap.ADDRESS, DATA, 1, -4096)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(status(EfiMemoryMap.ADDRESS, DATA, 17, 0x4000_0000)).isEqualTo(EfiStatus.NOT_FOUND);
  }

  private EfiStatus status(int type, long memoryType, long pages, long address) {
    return map.allocate(type, memoryType, pages, address).status();
  }

  @Test
  void onlyWhatIsAllocatedIsFreed() {
    assertThat(map.free(0x4000_0001, 1)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(map.free(0x4000_0000, 0)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(map.free(0x4000_0000, 1)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(map.free(-4096, 1)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(map.free(0x4000_0000, Long.MAX_VALUE)).isEqualTo(EfiStatus.NOT_FOUND);
    map.allocate(EfiMemoryMap.ADDRESS, DATA, 4, 0x4000_0000);
    assertThat(map.free(0x4000_3000, 2)).isEqualTo(EfiStatus.NOT_FOUND);
    assertThat(map.free(0x4000_1000, 2)).isEqualTo(EfiStatus.SUCCESS);
    assertThat(map.descriptors()).hasSize(4);
  }

  @Test
  void everyChangeMakesAnotherKey() {
    long first = map.key();
    map.allocate(EfiMemoryMap.ANY_PAGES, DATA, 99, 0);
    assertThat(map.key()).isEqualTo(first);
    map.allocate(EfiMemoryMap.ADDRESS, DATA, 1, 0x4000_0000);
    long second = map.key();
    assertThat(second).isNotEqualTo(first);
    map.free(0x4000_0000, 1);
    assertThat(map.key()).isNotEqualTo(second);
    assertThat(map.descriptors()).containsExactly(new EfiMemoryDesc(USABLE, 7, EfiMemoryDesc.WB));
  }

  /** Against a plain array of pages. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void theMapIsWhatAnArrayOfPagesIs(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] pages = new long[16];
    Arrays.fill(pages, 7);
    for (int i = 0; i < 2_000; i++) {
      int first = random.nextInt(16);
      int count = 1 + random.nextInt(5);
      long address = USABLE.start() + first * 4096L;
      long type = random.nextBoolean() ? DATA : EfiMemoryType.LOADER_CODE.number();
      if (random.nextBoolean()) {
        boolean free = all(pages, first, count, 7);
        EfiStatus status = map.allocate(EfiMemoryMap.ADDRESS, type, count, address).status();
        assertThat(status == EfiStatus.SUCCESS).isEqualTo(free);
        if (free) {
          Arrays.fill(pages, first, first + count, type);
        }
      } else {
        boolean taken = pages[first] != 7 && all(pages, first, count, pages[first]);
        assertThat(map.free(address, count) == EfiStatus.SUCCESS).isEqualTo(taken);
        if (taken) {
          Arrays.fill(pages, first, first + count, 7);
        }
      }
      checkEqual(pages);
    }
  }

  private static boolean all(long[] pages, int first, int count, long type) {
    return first + count <= pages.length
        && Arrays.stream(pages, first, first + count).allMatch(page -> page == type);
  }

  private void checkEqual(long[] pages) {
    List<EfiMemoryDesc> descriptors = map.descriptors();
    long at = USABLE.start();
    for (int i = 0; i < descriptors.size(); i++) {
      EfiMemoryDesc descriptor = descriptors.get(i);
      assertThat(descriptor.range().start()).isEqualTo(at);
      assertThat(i == 0 || descriptors.get(i - 1).type() != descriptor.type()).isTrue();
      for (; at < descriptor.range().end(); at += 4096) {
        assertThat(pages[(int) ((at - USABLE.start()) >> 12)]).isEqualTo(descriptor.type());
      }
    }
    assertThat(at).isEqualTo(USABLE.end());
  }

  @Test
  void thePoolSharesPagesAndGivesThemBack() {
    EfiPool pool = new EfiPool(map);
    Allocation one = pool.allocate(DATA, 5);
    Allocation other = pool.allocate(DATA, 4080);
    Allocation large = pool.allocate(DATA, 5000);
    Allocation ofAnotherType = pool.allocate(EfiMemoryType.ACPI_RECLAIM.number(), 1);
    assertThat(other.address()).isEqualTo(one.address() + 8);
    assertThat(large.address() % 4096).isZero();
    assertThat(ofAnotherType.address() >> 12).isNotEqualTo(one.address() >> 12);
    assertThat(pool.allocate(7, 1).status()).isEqualTo(EfiStatus.INVALID_PARAMETER);
    assertThat(pool.allocate(DATA, -1).status()).isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(pool.allocate(DATA, 1L << 30).status()).isEqualTo(EfiStatus.OUT_OF_RESOURCES);
    assertThat(pool.free(one.address() + 1)).isEqualTo(EfiStatus.INVALID_PARAMETER);
    for (Allocation block : List.of(one, other, large, ofAnotherType)) {
      assertThat(pool.free(block.address())).isEqualTo(EfiStatus.SUCCESS);
      assertThat(pool.free(block.address())).isEqualTo(EfiStatus.INVALID_PARAMETER);
    }
    assertThat(map.descriptors()).hasSize(1);
  }
}
