package io.github.kexecsim.loader.codec;

final class Bzip2DecompressorTest extends DecompressorContractTest {
  Bzip2DecompressorTest() {
    super(CompressionMethod.BZIP2);
  }
}
