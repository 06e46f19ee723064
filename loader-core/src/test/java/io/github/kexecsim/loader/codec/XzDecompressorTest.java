package io.github.kexecsim.loader.codec;

final class XzDecompressorTest extends DecompressorContractTest {
  XzDecompressorTest() {
    super(CompressionMethod.XZ);
  }
}
