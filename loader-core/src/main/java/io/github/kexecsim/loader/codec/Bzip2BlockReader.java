package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * Decodes blocks ahead of their consumer. Where a block begins is known only when the one before is
 * decoded, but every block begins with a magic: so whatever follows a magic is decoded as a guess,
 * a few guesses ahead, and the consumer picks the ones at the places where blocks really begin. A
 * magic within a block's data costs a wasted guess and changes nothing.
 */
final class Bzip2BlockReader implements AutoCloseable {
  /** Blocks whose transforms are undone side by side; more than two gained nothing. */
  private static final int GROUP = 2;

  /** About what a full block of a kernel takes: how small streams are shared out. */
  private static final int USUAL_BLOCK = 300_000;

  private final ByteView payload;
  private final int blockSize;
  private final int ahead;
  private final int groupSize;
  private final ExecutorService executor;
  private final Bzip2Magics magics;
  private final Deque<Group> groups = new ArrayDeque<>();
  private final List<Thread> workers = new CopyOnWriteArrayList<>();
  private final Queue<byte[]> scratches = new ConcurrentLinkedQueue<>();
  private final Queue<int[]> tables = new ConcurrentLinkedQueue<>();

  /**
   * A reader of the blocks from {@code bit}.
   *
   * @param blockSize the most that a block holds, 100 000 to 900 000
   * @param threads 1 decodes on the caller's thread
   */
  Bzip2BlockReader(ByteView payload, long bit, int blockSize, int threads) {
    this.payload = payload;
    this.blockSize = blockSize;
    this.magics = new Bzip2Magics(payload, bit);
    int usual = payload.size() / USUAL_BLOCK + 1;
    int count = Math.min(threads, usual);
    this.groupSize = Math.max(1, Math.min(GROUP, usual / count));
    this.ahead = count == 1 ? 1 : count + 1;
    this.executor = count == 1 ? null : Executors.newFixedThreadPool(count, this::newThread);
  }

  private Thread newThread(Runnable task) {
    Thread thread = new Thread(task, "kexec-sim-bzip2");
    thread.setDaemon(true);
    workers.add(thread);
    return thread;
  }

  /**
   * The block that begins at {@code bit}, where its magic stands; later calls name later places.
   *
   * @throws KexecException what decoding it threw
   */
  Bzip2Block at(long bit) {
    while (!groups.isEmpty() && groups.peekFirst().last() < bit) {
      groups.removeFirst().task.cancel(false);
    }
    if (groups.isEmpty()) {
      magics.skipTo(bit);
    }
    while (groups.size() < ahead && startGroup()) {}
    StopOnInterrupt.check();
    Group group = groups.peekFirst();
    try {
      return group.task.get().get(group.bits.indexOf(bit)).take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StopOnInterrupt.interrupted(e);
    } catch (ExecutionException e) {
      // Not of the guesses' making: those keep what they throw.
      if (e.getCause() instanceof KexecException stopped) {
        throw stopped;
      }
      throw new IllegalStateException("cannot decode", e.getCause());
    }
  }

  private boolean startGroup() {
    List<Long> bits = new ArrayList<>();
    while (bits.size() < groupSize && magics.advance()) {
      bits.add(magics.bit());
    }
    if (bits.isEmpty()) {
      return false;
    }
    FutureTask<List<Guess>> task = new FutureTask<>(() -> decode(bits));
    groups.addLast(new Group(bits, task));
    if (executor == null) {
      task.run();
    } else {
      executor.execute(task);
    }
    return true;
  }

  private List<Guess> decode(List<Long> bits) {
    List<Guess> guesses = new ArrayList<>();
    List<Bzip2Block> blocks = new ArrayList<>();
    List<int[]> used = new ArrayList<>();
    byte[] scratch = scratches.poll();
    if (scratch == null) {
      scratch = new byte[blockSize];
    }
    for (long bit : bits) {
      int[] table = tables.poll();
      if (table == null) {
        table = new int[blockSize];
      }
      used.add(table);
      try {
        Bzip2Block block = Bzip2Block.decode(payload, bit, table, scratch);
        blocks.add(block);
        guesses.add(new Guess(block, null));
      } catch (KexecException e) {
        guesses.add(new Guess(null, e));
      }
    }
    if (blocks.size() == GROUP) {
      Bzip2Block.invert(blocks.get(0), blocks.get(1));
    } else {
      blocks.forEach(Bzip2Block::invert);
    }
    tables.addAll(used);
    scratches.add(scratch);
    return guesses;
  }

  /** Ends the threads, and waits until they have. */
  @Override
  public void close() {
    if (executor == null) {
      return;
    }
    groups.forEach(group -> group.task.cancel(false));
    executor.shutdownNow();
    boolean interrupted = false;
    for (int i = 0; i < workers.size(); ) {
      try {
        workers.get(i).join();
        i++;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Neighbouring guesses that one thread decodes. */
  private record Group(List<Long> bits, Future<List<Guess>> task) {
    long last() {
      return bits.get(bits.size() - 1);
    }
  }

  /** A decoded block, or why there is none. */
  private record Guess(Bzip2Block block, KexecException failure) {
    Bzip2Block take() {
      if (failure != null) {
        throw failure;
      }
      return block;
    }
  }
}
