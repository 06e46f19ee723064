package io.github.kexecsim.loader.codec;

import net.jpountz.lz4.LZ4Factory;

/** Loads lz4-java's native library where the platform takes it, else its safe Java code. */
final class Lz4Library {
  private static final LZ4Factory FACTORY = load();

  private Lz4Library() {}

  static LZ4Factory factory() {
    return FACTORY;
  }

  private static LZ4Factory load() {
    try {
      return LZ4Factory.nativeInstance();
    } catch (LinkageError | RuntimeException e) {
      return LZ4Factory.safeInstance();
    }
  }
}
