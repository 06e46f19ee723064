package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Decompressors;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * One stream as our decoder has it.
 *
 * @param output what came out, where it was accepted
 * @param refusal why nothing did, where it was not
 * @param consumed how much of the stream was read by the last report
 */
record Decoding(Optional<byte[]> output, Optional<Reason> refusal, int consumed) {
  /** The most that may come out. */
  static final int CAPACITY = 1 << 16;

  private static final Set<Reason> FAULTS =
      EnumSet.of(Reason.TRUNCATED, Reason.CORRUPT_PAYLOAD, Reason.SIZE_MISMATCH);

  /** Decodes within the bounds, and asks for the same through the payload's own reader. */
  static Decoding of(CompressionMethod method, byte[] stream) {
    ByteView payload = ByteView.of(stream);
    Decompressors.byMethod(method)
        .claimedSize(payload)
        .ifPresent(claim -> assertThat(claim).isNotNegative());
    Decoding decoding =
        Bounds.read(allocation(stream), () -> decode(method, payload)).orElseThrow();
    decoding.checkPayload(method, payload);
    return decoding;
  }

  private static Decoding decode(CompressionMethod method, ByteView payload) {
    byte[] destination = new byte[CAPACITY];
    Steps steps = new Steps(payload.size());
    try {
      int produced = Decompressors.byMethod(method).decompress(payload, destination, steps);
      assertThat(steps.produced).isEqualTo(produced);
      byte[] output = Arrays.copyOf(destination, produced);
      return new Decoding(Optional.of(output), Optional.empty(), steps.consumed);
    } catch (KexecException e) {
      Bounds.checkTold(e);
      assertThat(e.reason()).isIn(FAULTS);
      return new Decoding(Optional.empty(), Optional.of(e.reason()), steps.consumed);
    }
  }

  /** A stream may ask for many small blocks, each with tables of some tens of KiB. */
  private static long allocation(byte[] stream) {
    return (16L << 20) + 8L * CAPACITY + 4096L * stream.length;
  }

  private void checkPayload(CompressionMethod method, ByteView payload) {
    Optional<CompressionMethod> looksLike = CompressionMethod.detect(payload);
    if (looksLike.isPresent() && looksLike.get() != method) {
      return; // refused before it is decoded
    }
    CompressedPayload undeclared = new CompressedPayload(method, payload, OptionalLong.empty());
    try {
      byte[] again = undeclared.decompress(CAPACITY);
      assertThat(again).isEqualTo(output.orElse(null));
    } catch (KexecException e) {
      Bounds.checkTold(e);
      Reason expected = refusal.orElseThrow(() -> new AssertionError("refused the second time", e));
      assertThat(e.reason())
          .isEqualTo(expected == Reason.SIZE_MISMATCH ? Reason.LIMIT_EXCEEDED : expected);
    }
  }

  /**
   * What is accepted elsewhere is accepted here, with the same output; what is too large is not.
   *
   * @param expected the oracle's output, cut behind one byte more than the capacity
   */
  void checkAgainst(byte[] expected) {
    if (expected.length > CAPACITY) {
      assertThat(output).isEmpty();
    } else {
      assertThat(refusal).isEmpty();
      assertThat(output.orElseThrow()).isEqualTo(expected);
    }
  }

  /** As {@link #checkAgainst}, of an oracle that takes more than the format allows. */
  void checkOutput(byte[] expected) {
    if (refusal.isEmpty()) {
      checkAgainst(expected);
    }
  }

  /** Reports go forward, and are fewer than the bytes that went in and came out. */
  private static final class Steps implements Progress {
    private final int size;
    private int consumed;
    private int produced;
    private long count;

    Steps(int size) {
      this.size = size;
    }

    @Override
    public void at(int nowConsumed, int nowProduced) {
      if (nowConsumed < consumed || nowConsumed > size) {
        throw new AssertionError("consumed " + nowConsumed + " of " + size + " after " + consumed);
      }
      if (nowProduced < produced || nowProduced > CAPACITY) {
        throw new AssertionError("produced " + nowProduced + " after " + produced);
      }
      if (++count > 16L + size + CAPACITY) {
        throw new AssertionError("step " + count + " for " + size + " bytes");
      }
      consumed = nowConsumed;
      produced = nowProduced;
    }
  }
}
