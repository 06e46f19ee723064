package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests, as {@code sha256sum} prints them. */
final class Sha256 {
  private Sha256() {}

  static String of(ByteView bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.array(), bytes.arrayOffset(), bytes.size());
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
