package io.github.kexecsim.loader.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Bytes of every kind that compressors treat differently, the same for the same seed. */
enum CompressibleBytes {
  ZEROS {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {}
  },
  NOISE {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) random.nextInt();
      }
    }
  },
  FEW_VALUES {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) (random.nextInt(4) * random.nextInt(4));
      }
    }
  },
  TEXT {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {
      byte[] words = "kexec segment purgatory the of entry ".getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < bytes.length; ) {
        int from = random.nextInt(words.length);
        int length = Math.min(bytes.length - i, random.nextInt(words.length - from) + 1);
        System.arraycopy(words, from, bytes, i, length);
        i += length;
      }
    }
  },
  RUNS {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {
      for (int i = 0; i < bytes.length; ) {
        int length = Math.min(bytes.length - i, 1 + (random.nextInt(600) >>> random.nextInt(10)));
        Arrays.fill(bytes, i, i + length, (byte) random.nextInt(3));
        i += length;
      }
    }
  },
  INSTRUCTIONS {
    @Override
    void fill(byte[] bytes, SplittableRandom random) {
      for (int i = 0; i < bytes.length; i++) {
        boolean opcode = (i & 3) == 3;
        bytes[i] = (byte) (opcode ? 0x91 + random.nextInt(6) * 8 : random.nextInt(256) & 0x8f);
        if (i >= 64 && random.nextInt(3) == 0) {
          int distance = 4 * (1 + random.nextInt(16));
          int length = Math.min(bytes.length - i, 4 + random.nextInt(24));
          for (int end = i + length; i < end; i++) {
            bytes[i] = bytes[i - distance];
          }
          i--;
        }
      }
    }
  };

  abstract void fill(byte[] bytes, SplittableRandom random);

  byte[] make(int size, long seed) {
    byte[] bytes = new byte[size];
    fill(bytes, new SplittableRandom(seed));
    return bytes;
  }
}
