package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the command-line tools wrote of one line of text. */
final class ToolOutputTest {
  private static final String LINE = "kexec kexec kexec: where every byte lands\n";

  @ParameterizedTest(name = "{0}")
  @MethodSource("outputs")
  void decodes(String command, CompressionMethod method, String hex) {
    ByteView payload = ByteView.of(HexFormat.of().parseHex(hex));
    byte[] exact =
        new CompressedPayload(method, payload, OptionalLong.of(LINE.length())).decompress(1000);
    assertThat(new String(exact, StandardCharsets.US_ASCII)).isEqualTo(LINE);
    byte[] grown = new CompressedPayload(method, payload, OptionalLong.empty()).decompress(1000);
    assertThat(grown).isEqualTo(exact);
  }

  static Stream<Arguments> outputs() {
    return Stream.of(
        Arguments.of(
            "gzip -n -9",
            CompressionMethod.GZIP,
            "1f8b0800000000000203cb4ead484d56c84690560ae519a945a90aa965a945950a499525a90a3989"
                + "7929c55c00ffa00af82a000000"),
        Arguments.of(
            "bzip2 -9",
            CompressionMethod.BZIP2,
            "425a683931415926535997cc272000000d59800010400000103e4d1de0200022bd2003269b50a64c"
                + "4c832318eb324bcd7150dd721e3100bd07b923e9d5029f8bb9229c28484be6139000"),
        Arguments.of(
            "lzma -9",
            CompressionMethod.LZMA,
            "5d00000004ffffffffffffffff0035994b76e68e6950d0f5affac3a2cb26626b679a881a7d3e1dc4"
                + "32a6838712f49e514e7fff5da20000"),
        Arguments.of(
            "xz --check=crc32 --x86 --lzma2=dict=1MiB",
            CompressionMethod.XZ,
            "fd377a585a0000016922de3602010400210110008b216f49e0002900235d0035994b76e68e6950d0"
                + "f5affac3a2cb26626b679a881a7d3e1dc432a6838712f37d7b000000ffa00af800013b2ac5938fc7"
                + "9042990d010000000001595a"),
        Arguments.of(
            "xz --check=crc64",
            CompressionMethod.XZ,
            "fd377a585a000004e6d6b4460200210116000000742fe5a3e0002900235d0035994b76e68e6950d0"
                + "f5affac3a2cb26626b679a881a7d3e1dc432a6838712f37d7b000000dda5008a4f67f16300013f2a"
                + "c156e3a31fb6f37d010000000004595a"),
        Arguments.of(
            "xz --check=sha256",
            CompressionMethod.XZ,
            "fd377a585a00000ae1fb0ca10200210116000000742fe5a3e0002900235d0035994b76e68e6950d0"
                + "f5affac3a2cb26626b679a881a7d3e1dc432a6838712f37d7b000000334656e86a17425c578199a5"
                + "69946ad3abca7e0743e1a8d3e7c2f4a4f01d76bb0001572a6eb7c70e189b4b9a01000000000a595a"),
        Arguments.of(
            "lzop -9",
            CompressionMethod.LZO,
            "894c5a4f000d0a1a0a104020a0094003090300000d000081a46b0007ec0000000000353903f90000"
                + "002a000000284db20f41176b657865632029140000073a2077686572652065766572792062797465"
                + "206c616e64730a11000000000000"),
        Arguments.of(
            "lzop -1 -CC",
            CompressionMethod.LZO,
            "894c5a4f000d0a1a0a104020a0094002010300000f000081a46b0007ec000000000034b203f20000"
                + "002a000000284db20f41e6e00b59036b657865632029140000073a20776865726520657665727920"
                + "62797465206c616e64730a11000000000000"),
        Arguments.of(
            "lzop -F",
            CompressionMethod.LZO,
            "894c5a4f000d0a1a0a104020a0094001050300000c000081a46b0007ec000000000034bd03f20000"
                + "002a00000028036b657865632029140000073a2077686572652065766572792062797465206c616e"
                + "64730a11000000000000"),
        Arguments.of(
            "lz4 -l -9",
            CompressionMethod.LZ4,
            "02214c1824000000676b65786563200600f00a3a2077686572652065766572792062797465206c61"
                + "6e64730a"),
        Arguments.of(
            "zstd -22 --ultra",
            CompressionMethod.ZSTD,
            "28b52ffd04882d0100f86b65786563203a2077686572652065766572792062797465206c616e6473"
                + "0a0100314a1105746a18"),
        Arguments.of(
            "zstd --no-check",
            CompressionMethod.ZSTD,
            "28b52ffd00582d0100f86b65786563203a2077686572652065766572792062797465206c616e6473"
                + "0a0100314a11"),
        Arguments.of(
            "gzip -9 FILE",
            CompressionMethod.GZIP,
            "1f8b0808ed07006b02036e616d652e74787400cb4ead484d56c84690560ae519a945a90aa965a945"
                + "950a499525a90a39897929c55c00ffa00af82a000000"),
        Arguments.of(
            "lzop -9 FILE",
            CompressionMethod.LZO,
            "894c5a4f000d0a1a0a104020a00940030903000009000081a46b0007ed00000000086e616d652e74"
                + "78746315072d0000002a000000284db20f41176b657865632029140000073a207768657265206576"
                + "6572792062797465206c616e64730a11000000000000"),
        Arguments.of(
            "lzop --crc32 FILE",
            CompressionMethod.LZO,
            "894c5a4f000d0a1a0a104020a01001010503001108000081a46b0007ed00000000086e616d652e74"
                + "787476c5cdb50000002a00000028f80aa0ff036b657865632029140000073a207768657265206576"
                + "6572792062797465206c616e64730a11000000000000"));
  }
}
