package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/** Stops a decoder at its next report once its thread is interrupted. */
final class StopOnInterrupt implements Progress {
  private final Progress next;

  StopOnInterrupt(Progress next) {
    this.next = next;
  }

  /**
   * Looks at the calling thread.
   *
   * @throws KexecException {@link Reason#INTERRUPTED}
   */
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw interrupted(null);
    }
  }

  /** What a decoder throws that was interrupted; the thread's interrupt status is left set. */
  static KexecException interrupted(InterruptedException cause) {
    return new KexecException(
        Reason.INTERRUPTED, Reason.INTERRUPTED.errno(), "interrupted while decoding", "", cause);
  }

  @Override
  public void into(byte[] destination) {
    next.into(destination);
  }

  @Override
  public void at(int consumed, int produced) {
    check();
    next.at(consumed, produced);
  }
}
