package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A compressed payload as an image's header describes it, and the way to what is inside.
 *
 * @param method how the header says that it is compressed
 * @param bytes the compressed stream; what follows its end is ignored
 * @param declaredSize how many bytes the image says come out, 0 or greater, or empty where it does
 *     not say
 */
public record CompressedPayload(
    CompressionMethod method, ByteView bytes, OptionalLong declaredSize) {
  private static final int FIRST_GUESS_RATIO = 4;
  private static final int SMALLEST_GUESS = 64 << 10;

  public CompressedPayload {
    Objects.requireNonNull(method);
    Objects.requireNonNull(bytes);
    if (declaredSize.isPresent() && declaredSize.getAsLong() < 0) {
      throw new IllegalArgumentException("declaredSize " + declaredSize.getAsLong());
    }
  }

  /** Decompresses without a report of progress. */
  public byte[] decompress(long limit) {
    return decompress(limit, Progress.NONE);
  }

  /**
   * Decompresses the payload.
   *
   * <p>With a declared size the output is allocated once. Without, it starts from what the stream
   * claims ({@link Decompressor#claimedSize}) or else from a multiple of the payload's size, and
   * decoding starts again with twice that for as long as the output does not fit; memory stays
   * below three times the output, and no single array is above {@code limit}.
   *
   * @param limit the most bytes that may come out, 0 or greater; above 2^31 - 9 it means that
   * @param progress told how far decoding has come; positions start from 0 again where decoding
   *     does
   * @return the output, exactly
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} when the declared size is above the limit
   *     (before anything is allocated) or more than that comes out, {@link Reason#SIZE_MISMATCH}
   *     when the declared size is not what comes out, {@link Reason#INTERRUPTED} when the thread is
   *     interrupted (its interrupt status stays set), and what {@link Decompressor#decompress}
   *     throws
   */
  public byte[] decompress(long limit, Progress progress) {
    if (limit < 0) {
      throw new IllegalArgumentException("limit " + limit);
    }
    refuseOtherMethod();
    int most = (int) Math.min(limit, Limit.DECOMPRESSED.most());
    Progress stoppable = new StopOnInterrupt(progress);
    return declaredSize.isPresent()
        ? decompressDeclared(declaredSize.getAsLong(), most, stoppable)
        : decompressUndeclared(most, stoppable);
  }

  /** Before sizes are looked at: where another method's stream is, they mean nothing. */
  private void refuseOtherMethod() {
    Optional<CompressionMethod> looksLike = CompressionMethod.detect(bytes);
    if (looksLike.isPresent() && looksLike.get() != method) {
      throw method.doesNotBegin(bytes);
    }
  }

  private byte[] decompressDeclared(long declared, int most, Progress progress) {
    if (declared > most) {
      throw Limit.DECOMPRESSED.exceeded(
          "what the image declares behind its " + method + " payload", declared, most);
    }
    byte[] output = new byte[(int) declared];
    progress.into(output);
    int produced;
    try {
      produced = Decompressors.byMethod(method).decompress(bytes, output, progress);
    } catch (KexecException e) {
      throw e.reason() == Reason.SIZE_MISMATCH ? mismatch(declared, "more", e) : e;
    }
    if (produced != declared) {
      throw mismatch(declared, "0x" + Integer.toHexString(produced), null);
    }
    return output;
  }

  private KexecException mismatch(long declared, String produced, KexecException cause) {
    return new KexecException(
        Reason.SIZE_MISMATCH,
        Reason.SIZE_MISMATCH.errno(),
        String.format(
            Locale.ROOT,
            "the image declares 0x%x bytes behind its %s payload, %s come out",
            declared,
            method,
            produced),
        "the image was put together from parts that do not belong to each other, or is damaged",
        cause);
  }

  private byte[] decompressUndeclared(int most, Progress progress) {
    Decompressor decompressor = Decompressors.byMethod(method);
    int capacity = firstGuess(decompressor, most);
    while (true) {
      byte[] output = new byte[capacity];
      progress.into(output);
      try {
        int produced = decompressor.decompress(bytes, output, progress);
        return produced == capacity ? output : Arrays.copyOf(output, produced);
      } catch (KexecException e) {
        if (e.reason() != Reason.SIZE_MISMATCH) {
          throw e;
        }
        if (capacity == most) {
          throw Limit.DECOMPRESSED.exceeded("what the " + method + " payload decodes to", most, e);
        }
      }
      capacity = (int) Math.min(Math.max(2L * capacity, SMALLEST_GUESS), most);
    }
  }

  /** The claim where it is within the limit: it can be a lie, but then it costs no more. */
  private int firstGuess(Decompressor decompressor, int most) {
    long claimed = decompressor.claimedSize(bytes).orElse(Long.MAX_VALUE);
    if (claimed <= most) {
      return (int) claimed;
    }
    long guess = Math.max((long) FIRST_GUESS_RATIO * bytes.size(), SMALLEST_GUESS);
    return (int) Math.min(guess, most);
  }
}
