package io.github.kexecsim.loader.codec;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.bytes.ByteView;
import java.util.OptionalLong;

/**
 * One zstd frame, decoded by libzstd in one call straight into the destination: as the output is
 * its own window, a frame may ask for any window size, and the kernel's ask for up to 128 MiB. Like
 * the kernel ({@code lib/decompress_unzstd.c, decompress_single} (v6.1)) it cuts the first frame
 * out of the payload and leaves alone what follows.
 */
final class ZstdDecompressor implements Decompressor {
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
    // 0 stands for a claim of 0 too: zstd-jni has one answer for both.
    long size = Zstd.getFrameContentSize(payload.array(), payload.arrayOffset(), payload.size());
    return size > 0 ? OptionalLong.of(size) : OptionalLong.empty();
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    method().requireMagic(payload);
    long frame =
        Zstd.findFrameCompressedSize(payload.array(), payload.arrayOffset(), payload.size());
    if (Zstd.isError(frame)) {
      throw fault(payload, destination.length, Zstd.getErrorCode(frame), null);
    }
    int produced;
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      produced =
          context.decompressByteArray(
              destination,
              0,
              destination.length,
              payload.array(),
              payload.arrayOffset(),
              (int) frame);
    } catch (ZstdException e) {
      throw fault(payload, destination.length, e.getErrorCode(), e);
    }
    progress.at((int) frame, produced);
    return produced;
  }

  private KexecException fault(ByteView payload, int capacity, long code, ZstdException cause) {
    if (code == Zstd.errDstSizeTooSmall()) {
      return CodecFault.overflow(method(), capacity);
    }
    if (code == Zstd.errSrcSizeWrong() && cause == null) {
      return CodecFault.truncated(method(), payload.size(), "the zstd frame", null);
    }
    // libzstd does not tell where it stopped.
    return CodecFault.corrupt(method(), 0, "libzstd error " + code, cause);
  }
}
