package io.github.kexecsim.loader.codec;

/**
 * Told how far a decompressor has come, so that a caller can hash behind it, watch the distance
 * between reader and writer, or stop it by throwing. Called on the decoding thread at least once
 * per {@link #STEP} bytes of output where the decoder is ours, and at the end by every one.
 */
@FunctionalInterface
public interface Progress {
  /** How many bytes of output may pass between two reports, at most. */
  int STEP = 1 << 18;

  /** Wants to know nothing. */
  Progress NONE = (consumed, produced) -> {};

  /**
   * Tells where the output goes. {@link CompressedPayload}, which makes the destination, calls it
   * before decoding begins, and again where it begins again with a larger one; a {@link
   * Decompressor} does not.
   *
   * @param destination only to be read, and only what was reported to be final
   */
  default void into(byte[] destination) {}

  /**
   * Reports a position.
   *
   * @param consumed bytes of the payload that will not be read again
   * @param produced bytes of the destination that are final
   */
  void at(int consumed, int produced);
}
