package io.github.kexecsim.loader.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.SingleXZInputStream;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/** XZ for Java as the encoder and the oracle of the tests, and inputs for both. */
final class XzForJava {
  private XzForJava() {}

  /** What became of decoding: the bytes until the end or the error, and which it was. */
  record Verdict(boolean accepted, byte[] output) {}

  static byte[] xz(byte[] data, int check, FilterOptions... filters) {
    return xz(data, data.length, check, filters);
  }

  /** Compresses with a new block after every {@code blockSize} bytes. */
  static byte[] xz(byte[] data, int blockSize, int check, FilterOptions... filters) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (XZOutputStream out = new XZOutputStream(packed, filters, check)) {
      for (int at = 0; at < data.length; at += blockSize) {
        out.write(data, at, Math.min(blockSize, data.length - at));
        out.endBlock();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  static byte[] xz(byte[] data) {
    return xz(data, XZ.CHECK_CRC32, new LZMA2Options());
  }

  /** Compresses to .lzma: with the size in the header, or with an end marker. */
  static byte[] lzma(byte[] data, boolean sizeKnown, LZMA2Options options) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (LZMAOutputStream out =
        new LZMAOutputStream(packed, options, sizeKnown ? data.length : -1)) {
      out.write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  static Verdict unXz(byte[] packed) {
    return read(packed, SingleXZInputStream::new);
  }

  static Verdict unLzma(byte[] packed) {
    return read(packed, LZMAInputStream::new);
  }

  private interface Opener {
    InputStream open(InputStream in) throws IOException;
  }

  private static Verdict read(byte[] packed, Opener opener) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (InputStream in = opener.open(new ByteArrayInputStream(packed))) {
      for (int b = in.read(); b >= 0; b = in.read()) {
        output.write(b);
      }
      return new Verdict(true, output.toByteArray());
    } catch (IOException e) {
      return new Verdict(false, output.toByteArray());
    }
  }

  static LZMA2Options options(int lc, int lp, int pb) {
    try {
      LZMA2Options options = new LZMA2Options(6);
      options.setLcLp(lc, lp);
      options.setPb(pb);
      options.setDictSize(1 << 20);
      return options;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bytes with something of everything: runs, text, records, copies from near and far, noise. */
  static byte[] mixture(long seed, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] data = new byte[size];
    byte[] text = "kexec_file_load: segment at mem=%lx memsz=%lx\n".getBytes(UTF_8);
    int at = 0;
    while (at < size) {
      int length = Math.min(size - at, 1 + random.nextInt(1 << random.nextInt(1, 12)));
      switch (random.nextInt(6)) {
        case 0 -> Arrays.fill(data, at, at + length, (byte) random.nextInt(4));
        case 1 -> {
          for (int i = 0; i < length; i++) {
            data[at + i] = text[(at + i) % text.length];
          }
        }
        case 2 -> {
          for (int i = 0; i < length; i++) {
            data[at + i] = (byte) (i % 8 < 6 ? i % 8 : random.nextInt(16));
          }
        }
        case 3, 4 -> {
          int distance = at == 0 ? 0 : 1 + random.nextInt(at);
          for (int i = 0; i < length; i++) {
            data[at + i] = distance == 0 ? 0 : data[at + i - distance];
          }
        }
        default -> {
          for (int i = 0; i < length; i++) {
            data[at + i] = (byte) random.nextInt();
          }
        }
      }
      at += length;
    }
    return data;
  }
}
