package io.github.kexecsim.loader.codec;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.OptionalLong;

/**
 * One zstd frame, decoded by libzstd straight into the destination. Like the kernel ({@code
 * lib/decompress_unzstd.c, decompress_single} (v6.1)) it cuts the first frame out of the payload
 * and leaves alone what follows. A frame may ask for any window size, and the kernel's ask for up
 * to 128 MiB.
 *
 * <p>A destination of up to 64 MiB is filled in one call, which nothing can stop, and in which the
 * output is its own window. A larger one is filled piece by piece, for the sake of {@link
 * Progress}: that takes half as long again, and libzstd allocates a window of its own outside the
 * heap, of the size that the frame asks for. A frame that asks for more than 128 MiB gets none: it
 * is decoded in one call whatever the destination's size.
 */
final class ZstdDecompressor implements Decompressor {
  /** What one call decodes in less than a tenth of a second. */
  private static final int ONE_CALL = 64 << 20;

  /** The largest window that is allocated, in powers of two: what the kernel's own build uses. */
  private static final int MAX_WINDOW_LOG = 27;

  private static final int SINGLE_SEGMENT = 0x20;

  private final int oneCall;

  ZstdDecompressor() {
    this(ONE_CALL);
  }

  /** A decompressor that fills destinations of at most {@code oneCall} bytes in one call. */
  ZstdDecompressor(int oneCall) {
    this.oneCall = oneCall;
  }

  @Override
  public CompressionMethod method() {
    return CompressionMethod.ZSTD;
  }

  /** The frame's content size, which the kernel build's frames leave out. */
  @Override
  public OptionalLong claimedSize(ByteView payload) {
    if (payload.size() == 0) {
      return OptionalLong.empty();
    }
    try {
      // 0 stands for an empty frame, for no claim and for a damaged header alike.
      long size = Zstd.getFrameContentSize(payload.array(), payload.arrayOffset(), payload.size());
      return size > 0 ? OptionalLong.of(size) : OptionalLong.empty();
    } catch (ZstdException e) {
      return OptionalLong.empty();
    }
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    method().requireMagic(payload);
    int frame = frameSize(payload);
    int produced =
        destination.length <= oneCall || isWindowTooLarge(payload)
            ? inOneCall(payload, frame, destination)
            : inPieces(payload, frame, destination, progress);
    progress.at(frame, produced);
    return produced;
  }

  private int inOneCall(ByteView payload, int frame, byte[] destination) {
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      return context.decompressByteArray(
          destination, 0, destination.length, payload.array(), payload.arrayOffset(), frame);
    } catch (ZstdException e) {
      throw e.getErrorCode() == Zstd.errDstSizeTooSmall()
          ? CodecFault.overflow(method(), destination.length)
          : corrupt(e);
    }
  }

  private int inPieces(ByteView payload, int frame, byte[] destination, Progress progress) {
    ByteArrayInputStream source =
        new ByteArrayInputStream(payload.array(), payload.arrayOffset(), frame);
    try (ZstdInputStreamNoFinalizer in = new ZstdInputStreamNoFinalizer(source)) {
      in.setLongMax(MAX_WINDOW_LOG);
      int produced = 0;
      while (produced < destination.length) {
        int got =
            in.read(destination, produced, Math.min(Progress.STEP, destination.length - produced));
        if (got < 0) {
          return produced;
        }
        produced += got;
        progress.at(frame - source.available(), produced);
      }
      // The frame's checksum is looked at only by who asks for more.
      if (in.read() >= 0) {
        throw CodecFault.overflow(method(), destination.length);
      }
      return produced;
    } catch (IOException e) {
      throw corrupt(e);
    }
  }

  /**
   * Whether the frame asks for a larger window than is allocated (RFC 8878, 3.1.1.1): by a power of
   * two and eighths of it, or for all of the output where that is its own window.
   */
  private boolean isWindowTooLarge(ByteView payload) {
    if ((payload.u8(4) & SINGLE_SEGMENT) != 0) {
      return claimedSize(payload).orElse(0) > 1L << MAX_WINDOW_LOG;
    }
    int descriptor = payload.u8(5);
    return descriptor > MAX_WINDOW_LOG - 10 << 3;
  }

  /** Walks the frame's block headers to its end. */
  private int frameSize(ByteView payload) {
    try {
      return (int)
          Zstd.findFrameCompressedSize(payload.array(), payload.arrayOffset(), payload.size());
    } catch (ZstdException e) {
      throw e.getErrorCode() == Zstd.errSrcSizeWrong()
          ? CodecFault.truncated(method(), payload.size(), "the zstd frame", e)
          : corrupt(e);
    }
  }

  private KexecException corrupt(Exception e) {
    // libzstd does not tell where it stopped.
    return CodecFault.corrupt(method(), 0, "libzstd says \"" + e.getMessage() + "\"", e);
  }
}
