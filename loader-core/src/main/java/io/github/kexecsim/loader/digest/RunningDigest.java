package io.github.kexecsim.loader.digest;

import io.github.kexecsim.loader.bytes.ByteView;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 digest of bytes that are still being written, from front to back. Hashes on a thread
 * of its own once it is started, else within {@link #advance}.
 */
final class RunningDigest {
  /** Hashed before it is looked again whether to stop. */
  private static final int PIECE = 1 << 20;

  private final ByteView bytes;
  private final MessageDigest digest;
  private Thread thread;

  // Of one thread only: the hashing one.
  private int done;

  // Of both, guarded by this. What was written before a position was set is seen after it is read.
  private int written;
  private boolean stopped;

  private String hex;

  RunningDigest(ByteView bytes) {
    this.bytes = bytes;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  boolean isOf(ByteView other) {
    return bytes.array() == other.array()
        && bytes.arrayOffset() == other.arrayOffset()
        && bytes.size() == other.size();
  }

  void start() {
    thread = new Thread(this::follow, "sha256");
    thread.setDaemon(true);
    thread.start();
  }

  /** Says that the first {@code end} bytes are final. */
  void advance(int end) {
    synchronized (this) {
      written = Math.max(written, end);
      notifyAll();
    }
    if (thread == null) {
      hash(written);
    }
  }

  synchronized boolean isComplete() {
    return written == bytes.size();
  }

  /** The digest; only where it is complete. */
  String hex() {
    if (hex == null) {
      join();
      hex = HexFormat.of().formatHex(digest.digest());
    }
    return hex;
  }

  void stop() {
    synchronized (this) {
      stopped = true;
      notifyAll();
    }
    join();
  }

  private void follow() {
    while (done < bytes.size()) {
      int end = await();
      if (end == done) {
        return;
      }
      hash(end);
    }
  }

  /** Where to hash to; {@link #done} when it is to end. */
  private synchronized int await() {
    while (written == done && !stopped) {
      try {
        wait();
      } catch (InterruptedException e) {
        stopped = true;
      }
    }
    return stopped ? done : Math.min(written, done + Math.min(PIECE, bytes.size() - done));
  }

  private void hash(int end) {
    digest.update(bytes.array(), bytes.arrayOffset() + done, end - done);
    done = end;
  }

  /** Waits for the thread, which ends soon: it has all it needs, or was told to stop. */
  private void join() {
    boolean interrupted = false;
    while (thread != null) {
      try {
        thread.join();
        thread = null;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
