package io.github.kexecsim.loader.digest;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import java.util.ArrayList;
import java.util.List;

/**
 * SHA-256 digests, each computed once. Where there is a second processor, files are hashed on it
 * while they are decompressed, and what comes out is hashed right behind the decompressor:
 *
 * <pre>{@code
 * try (Digests digests = new Digests()) {
 *   digests.begin(request.image());
 *   LoadPlan plan = KexecFileLoader.load(request, digests);
 *   String image = digests.sha256(request.image());
 *   String kernel = digests.sha256(segment.content().get());
 * }
 * }</pre>
 *
 * <p>For use by one thread. Closing it ends the threads that it started. What is hashed must not
 * change before that, but for the decompressor's own writing.
 */
public final class Digests implements Progress, AutoCloseable {
  /** Less than this is hashed sooner than a thread is started. */
  private static final int SMALL = 256 << 10;

  private final boolean beside;
  private final List<RunningDigest> known = new ArrayList<>();

  /** That of what is being decompressed; null before anything is. */
  private RunningDigest following;

  /** Uses a second processor where there is one. */
  public Digests() {
    this(Runtime.getRuntime().availableProcessors() > 1);
  }

  Digests(boolean beside) {
    this.beside = beside;
  }

  /** Begins to hash {@code bytes}, if that can be done beside what the caller does next. */
  public void begin(ByteView bytes) {
    if (beside && bytes.size() >= SMALL) {
      RunningDigest digest = new RunningDigest(bytes);
      known.add(digest);
      digest.start();
      digest.advance(bytes.size());
    }
  }

  /** Begins to hash what is decoded into {@code destination}. */
  @Override
  public void into(byte[] destination) {
    if (following != null && !following.isComplete()) {
      following.stop();
      known.remove(following);
    }
    following = new RunningDigest(ByteView.of(destination));
    known.add(following);
    if (beside && destination.length >= SMALL) {
      following.start();
    }
  }

  @Override
  public void at(int consumed, int produced) {
    if (following != null) {
      following.advance(produced);
    }
  }

  /** The digest of {@code bytes}, as {@code sha256sum} prints it. Waits for it to be done. */
  public String sha256(ByteView bytes) {
    for (RunningDigest digest : known) {
      if (digest.isOf(bytes) && digest.isComplete()) {
        return digest.hex();
      }
    }
    RunningDigest digest = new RunningDigest(bytes);
    digest.advance(bytes.size());
    known.add(digest);
    return digest.hex();
  }

  /** Ends what still runs. */
  @Override
  public void close() {
    known.forEach(RunningDigest::stop);
    known.clear();
  }
}
