package io.github.kexecsim.loader.codec;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
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
    int produced;
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      produced =
          context.decompressByteArray(
              destination, 0, destination.length, payload.array(), payload.arrayOffset(), frame);
    } catch (ZstdException e) {
      throw e.getErrorCode() == Zstd.errDstSizeTooSmall()
          ? CodecFault.overflow(method(), destination.length)
          : corrupt(e);
    }
    progress.at(frame, produced);
    return produced;
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

  private KexecException corrupt(ZstdException e) {
    // libzstd does not tell where it stopped.
    return CodecFault.corrupt(method(), 0, "libzstd says \"" + e.getMessage() + "\"", e);
  }
}
