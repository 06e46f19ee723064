package io.github.kexecsim.loader.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/** The integrity check behind each block of an xz stream (xz-file-format 2.1.1.2). */
abstract class XzCheck {
  /** How many bytes it takes up in the stream. */
  abstract int size();

  /** Takes in more of a block's output. */
  abstract void update(byte[] bytes, int offset, int length);

  /** Answers the check of what came in, as it stands in a stream, and begins anew. */
  abstract byte[] finish();

  /** The check with an id of the stream flags, or null when no decoder is known for it. */
  static XzCheck byId(int id) {
    return switch (id) {
      case 0x0 -> new None();
      case 0x1 -> new Sum(new CRC32(), 4);
      case 0x4 -> new Sum(new Crc64(), 8);
      case 0xa -> new Sha256();
      default -> null;
    };
  }

  private static final class None extends XzCheck {
    @Override
    int size() {
      return 0;
    }

    @Override
    void update(byte[] bytes, int offset, int length) {}

    @Override
    byte[] finish() {
      return new byte[0];
    }
  }

  private static final class Sum extends XzCheck {
    private final Checksum sum;
    private final int size;

    Sum(Checksum sum, int size) {
      this.sum = sum;
      this.size = size;
    }

    @Override
    int size() {
      return size;
    }

    @Override
    void update(byte[] bytes, int offset, int length) {
      sum.update(bytes, offset, length);
    }

    @Override
    byte[] finish() {
      ByteBuffer value = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      value.putLong(sum.getValue());
      sum.reset();
      return Arrays.copyOf(value.array(), size);
    }
  }

  private static final class Sha256 extends XzCheck {
    private final MessageDigest digest;

    Sha256() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    @Override
    int size() {
      return 32;
    }

    @Override
    void update(byte[] bytes, int offset, int length) {
      digest.update(bytes, offset, length);
    }

    @Override
    byte[] finish() {
      return digest.digest();
    }
  }
}
