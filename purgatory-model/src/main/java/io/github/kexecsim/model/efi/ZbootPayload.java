package io.github.kexecsim.model.efi;

import static io.github.kexecsim.model.efi.StubRun.hex;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Decompressors;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.efi.EfiOutcome.FaultKind;
import io.github.kexecsim.model.efi.StubRun.Stopped;

/** The compressed kernel in the zboot image, read where the image lies in memory. */
final class ZbootPayload {
  /** The stub skips so many bytes of a gzip header, and expects the deflate stream behind. */
  private static final int GZIP_HEADER = 10;

  /** Flags of a gzip header that make it longer: FHCRC, FEXTRA, FNAME, FCOMMENT. */
  private static final int GZIP_OPTIONAL_PARTS = 0x1e;

  /** Some virtual machines cannot make longer arrays. */
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final StubRun run;
  private final ZbootImage image;

  ZbootPayload(StubRun run) {
    this.run = run;
    this.image = run.plan().image();
  }

  CompressionMethod method() {
    return image.method().orElseThrow();
  }

  /** What the image says comes out: within the request's limits, as the plan has checked. */
  long declaredSize() {
    return image.uncompressedSize().orElseThrow();
  }

  /**
   * What came of decompressing.
   *
   * @param status EFI_SUCCESS, or what the stub makes of a failure
   * @param size how many bytes came out
   */
  record Result(EfiStatus status, long size) {}

  /** Decompresses to an address. No stub asks whether as much comes out as was declared. */
  Result decompress(long to, long room) throws Stopped {
    long from = run.plan().rangeOf(SegmentRole.KERNEL).start() + image.payloadOffset();
    run.act(
        "decompress",
        "method",
        method().label(),
        "from",
        hex(from),
        "size",
        hex(image.payloadSize()),
        "to",
        hex(to),
        "room",
        hex(room));
    if (!run.needsPayload()) {
      return new Result(EfiStatus.SUCCESS, declaredSize());
    }
    ByteView payload = run.read(from, (int) image.payloadSize());
    byte[] output = new byte[(int) Math.min(room, MAX_ARRAY)];
    int size;
    try {
      if (hasLongGzipHeader(payload)) {
        return failed();
      }
      size = Decompressors.byMethod(method()).decompress(payload, output, Progress.NONE);
    } catch (KexecException e) {
      return failed();
    }
    run.write(to, ByteView.of(output, 0, size));
    run.countDecompressed(size);
    if (size != declaredSize()) {
      run.add(
          FaultKind.SIZE_DIFFERS,
          to,
          String.format(
              "0x%x bytes came out of the payload; the image declares 0x%x", size, declaredSize()));
    }
    return new Result(EfiStatus.SUCCESS, size);
  }

  private boolean hasLongGzipHeader(ByteView payload) {
    return method() == CompressionMethod.GZIP
        && payload.size() > GZIP_HEADER
        && (payload.u8(3) & GZIP_OPTIONAL_PARTS) != 0;
  }

  private Result failed() {
    boolean workspace = run.plan().generation() == StubGeneration.WORKSPACE;
    return new Result(workspace ? EfiStatus.LOAD_ERROR : EfiStatus.DEVICE_ERROR, 0);
  }
}
