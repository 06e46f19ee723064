package io.github.kexecsim.model.purgatory;

import io.github.kexecsim.loader.bytes.ByteView;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.function.LongFunction;

/**
 * Memory that the purgatory takes into its digest: {@code struct kexec_sha_region} of {@code
 * include/linux/purgatory.h}.
 *
 * @param start the physical address of its first byte
 * @param len its length in bytes: a segment's memsz, its zero tail included
 */
public record ShaRegion(long start, long len) {
  /** The length of a digest, in bytes. */
  static final int DIGEST_SIZE = 32;

  /**
   * SHA-256 over regions, one behind the other.
   *
   * @param regions made of whole pages
   * @param pageSize in bytes
   * @param page the page at a physical address
   */
  public static ByteView digest(
      List<ShaRegion> regions, int pageSize, LongFunction<ByteView> page) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (ShaRegion region : regions) {
      for (long at = region.start; at < region.start + region.len; at += pageSize) {
        ByteView bytes = page.apply(at);
        sha256.update(bytes.array(), bytes.arrayOffset(), bytes.size());
      }
    }
    return ByteView.of(sha256.digest());
  }
}
