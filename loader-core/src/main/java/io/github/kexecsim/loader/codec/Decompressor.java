package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.OptionalLong;

/**
 * Decodes a whole payload into a destination that the caller has sized. Implementations have no
 * state: one instance serves every thread. Memory beyond the destination is bounded by a constant
 * of the method and the destination's size, never by what the stream claims of itself.
 */
public interface Decompressor {
  /** The method it decodes. */
  CompressionMethod method();

  /**
   * What the stream claims the size of its output to be, where its format has a field for that.
   * Nothing is decoded and nothing verified: good as a first guess and no more.
   *
   * @return the claim, 0 or greater, or empty where the stream makes none that could be true
   */
  default OptionalLong claimedSize(ByteView payload) {
    return OptionalLong.empty();
  }

  /**
   * Decodes {@code payload} into {@code destination} from its start. Bytes behind the end of the
   * compressed stream are not an error here: {@link Progress#at}'s last {@code consumed} tells
   * where it ended. The destination behind the output, and after an exception all of it, is
   * undefined: libraries copy in strides. What {@code progress} throws passes through.
   *
   * @param payload the compressed stream
   * @param destination where the output goes; its length is the most that may come out
   * @param progress told how far the decoder has come
   * @return how many bytes came out, 0 to {@code destination.length}
   * @throws KexecException {@link Reason#TRUNCATED} when the payload ends within the stream, {@link
   *     Reason#CORRUPT_PAYLOAD} when it does not decode or a checksum or size within the stream
   *     disagrees, {@link Reason#SIZE_MISMATCH} only when more would come out than the destination
   *     takes
   */
  int decompress(ByteView payload, byte[] destination, Progress progress);
}
