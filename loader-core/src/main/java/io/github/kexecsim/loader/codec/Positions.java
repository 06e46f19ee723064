package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;

/** Follows how far a payload must have been read for how much output. */
interface Positions {
  /**
   * Reports positions wherever output was written: the payload's bytes that will not be read again,
   * and the output's that were written before the next one is read. None is left out at which their
   * distance could be smallest.
   *
   * @param payload a stream that decodes
   * @param size what it decodes to, in bytes
   * @throws KexecException if it does not decode after all
   */
  void follow(ByteView payload, int size, Progress positions);
}
