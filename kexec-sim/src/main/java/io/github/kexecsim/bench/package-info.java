/**
 * Measures the decompressors side by side on one payload: {@link
 * io.github.kexecsim.bench.CodecBench} compresses it by every method and has each decoded in a Java
 * process of its own, so that every first call is a cold one and no codec runs in code that was
 * compiled for another.
 */
package io.github.kexecsim.bench;
