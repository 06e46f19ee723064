package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.Reason;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.OptionalLong;

/** The one thing that peeling layers needs of the codecs. */
@FunctionalInterface
interface PayloadDecoder {
  /**
   * Decompresses a whole payload.
   *
   * @param declaredSize how much ought to come out; empty where nothing says
   * @param limit how many bytes may come out, at most 2^31 - 9
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} when {@code declaredSize} is above {@code
   *     limit} or more than that comes out, {@link Reason#SIZE_MISMATCH} when {@code declaredSize}
   *     is not what comes out, and what the codec throws
   */
  byte[] decode(CompressionMethod method, ByteView payload, OptionalLong declaredSize, long limit);
}
