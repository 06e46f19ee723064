package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the decompressor reads of a command line. */
class KaslrOptionsTest {
  private static final long MAXMEM = 1L << 46;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mem=1G                            | 40000000",
        "mem=0x1000000                     | 1000000",
        "mem=010M                          | 800000",
        "mem=16m                           | 1000000",
        "mem=1T                            | 10000000000",
        "mem=2G mem=1G                     | 40000000",
        "mem=1G mem=2G                     | 40000000",
        "mem=nopentium mem=1G              | 40000000",
        "mem=0 mem=1G                      | 400000000000",
        "mem mem=1G                        | 400000000000",
        "mem=x mem=1G                      | 400000000000",
        "memmap=1G                         | 40000000",
        "memmap=1G%2G-1+2                  | 40000000",
        "memmap=1G@2G                      | 400000000000",
        "memmap=1G$0                       | 40000000",
        "memmap=exactmap mem=1G            | 40000000",
        "memmap=exactmap,1G                | 400000000000",
        "mem=16E                           | 400000000000",
        "mem=1Z                            | 1",
        "mem=0xg mem=1G                    | 400000000000",
        "mem=99999999999999999999999999999 | 400000000000",
        "quiet -- mem=1G                   | 400000000000",
        "--x mem=1G                        | 40000000",
        "`mem=1G`                          | 40000000",
        "\"mem=1G\"                        | 40000000",
        "mem=\"1G\"                        | 40000000",
        "foo=\"a mem=1M b\" mem=1G         | 40000000",
        "xmem=1G memx=1G                   | 400000000000",
        "=mem=1G                           | 400000000000",
      })
  void limits(String line, String limit) {
    assertThat(KaslrOptions.of(line, MAXMEM).limit()).isEqualTo(Long.parseLong(limit, 16));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "memmap=1M$1G                           | 40000000+100000                     | false",
        "memmap=1M#1G memmap=2M!2G              | 40000000+100000 80000000+200000     | false",
        "memmap=1M$1G,1M$2G                     | 40000000+100000 80000000+100000     | false",
        "memmap=1M$1G,x,1M$2G                   | 40000000+100000                     | false",
        "memmap=1M$1G,1M@3G,1M$2G               | 40000000+100000 80000000+100000     | false",
        "memmap=1$1,1$2,1$3,1$4                 | 1+1 2+1 3+1 4+1                     | false",
        "memmap=1$1,1$2,1$3,1$4,                | 1+1 2+1 3+1 4+1                     | true",
        "memmap=1$1,1$2,1$3,1$4,1$5             | 1+1 2+1 3+1 4+1                     | true",
        "memmap=1$1,1$2,1$3,1$4 memmap=1$5      | 1+1 2+1 3+1 4+1                     | false",
        "memmap=0xffffffffffffffff$0x1000       | 1000+ffffffffffffffff               | false",
        "memmap=16E$1G                          | 40000000+0                          | false",
        "memmap=$1G                             |                                     | false",
        "memmap                                 |                                     | false",
        "efi_fake_mem=1G@4G:0x40000             | 100000000+40000000                  | false",
        "efi_fake_mem=1G@4G:262144              | 100000000+40000000                  | false",
        "efi_fake_mem=1G@4G:0x10000             |                                     | false",
        "efi_fake_mem=1G@4G:0x40000x            |                                     | false",
        "efi_fake_mem=1G@4G                     |                                     | false",
      })
  void regions(String line, String regions, boolean tooMany) {
    KaslrOptions options = KaslrOptions.of(line, MAXMEM);
    List<AvoidedRegion> expected =
        regions == null
            ? List.of()
            : Arrays.stream(regions.split(" +"))
                .map(region -> region.split("\\+"))
                .map(r -> new AvoidedRegion(hex(r[0]), hex(r[1])))
                .toList();
    assertThat(options.avoided()).isEqualTo(expected);
    assertThat(options.tooManyRegions()).isEqualTo(tooMany);
  }

  private static long hex(String digits) {
    return Long.parseUnsignedLong(digits, 16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hugepagesz=1G hugepages=3                             | 3",
        "hugepages=3 hugepagesz=1G                             | 0",
        "hugepagesz=2M hugepages=3                             | 0",
        "hugepagesz=1G hugepagesz=2M hugepages=3               | 0",
        "hugepagesz=1024M hugepages=0x10                       | 16",
        "hugepagesz=1G hugepages=3 hugepagesz=2M hugepages=9   | 3",
        "default_hugepagesz=1G hugepages=3                     | 0",
        "hugepagesz hugepages                                  | 0",
        "hugepagesz=1G hugepages=4K                            | 4",
      })
  void gigabytePages(String line, long pages) {
    assertThat(KaslrOptions.of(line, MAXMEM).gigabytePages()).isEqualTo(pages);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nokaslr", "a nokaslr", "nokaslr b", "a\tnokaslr\nb", "-- nokaslr"})
  void nokaslrIsAWordAnywhere(String line) {
    assertThat(KaslrOptions.of(line, MAXMEM).nokaslr()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "kaslr", "nokaslr=1", "xnokaslr", "nokaslrx", "\"nokaslr\"", "no kaslr"})
  void otherWordsAreNot(String line) {
    assertThat(KaslrOptions.of(line, MAXMEM).nokaslr()).isFalse();
  }

  @Test
  void onlyTheFirst2047BytesCount() {
    String filler = "x".repeat(2047 - " mem=1G".length());
    assertThat(KaslrOptions.of(filler + " mem=1G", MAXMEM).limit()).isEqualTo(1 << 30);
    assertThat(KaslrOptions.of(filler + "x mem=1G", MAXMEM).limit()).isEqualTo(1);
    assertThat(KaslrOptions.of(filler + "xxx mem=1G", MAXMEM).limit()).isEqualTo(MAXMEM);
    // Two bytes each.
    assertThat(KaslrOptions.of("é".repeat(1020) + " mem=1G", MAXMEM).limit()).isEqualTo(1 << 30);
    assertThat(KaslrOptions.of("é".repeat(1024) + " mem=1G", MAXMEM).limit()).isEqualTo(MAXMEM);
  }

  @Test
  void anyLineIsRead() {
    String[] pieces = {
      "memmap=",
      "mem=",
      "hugepages",
      "hugepagesz=",
      "efi_fake_mem=",
      "1",
      "0x",
      "0",
      "9",
      "G",
      "E",
      "k",
      "$",
      "#",
      "!",
      "@",
      "%",
      ":",
      ",",
      " ",
      "\"",
      "=",
      "--",
      "exactmap",
      "nopentium",
      "\u00a0",
      "é",
      "ffff",
      "\t"
    };
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 50_000; round++) {
      StringBuilder line = new StringBuilder();
      for (int i = random.nextInt(24); i > 0; i--) {
        line.append(pieces[random.nextInt(pieces.length)]);
      }
      KaslrOptions options = KaslrOptions.of(line.toString(), MAXMEM);
      assertThat(options.limit()).isBetween(1L, MAXMEM);
      assertThat(options.avoided()).hasSizeLessThanOrEqualTo(4);
      assertThat(options.avoided()).allMatch(region -> region.start() != 0);
    }
  }
}
