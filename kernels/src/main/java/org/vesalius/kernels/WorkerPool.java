package org.vesalius.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads that split ranges of work: the caller and {@code threads - 1} daemon
 * workers.
 *
 * <p>A token's forward pass is hundreds of short parallel loops with a barrier after each. Waking a
 * sleeping thread costs as much as such a loop, so workers spin for a moment after a loop and sleep
 * only when nothing follows. Pieces are handed out as threads become free, since a shared machine
 * never runs two cores equally fast; which thread computes a piece never changes its result.
 */
public final class WorkerPool implements AutoCloseable {
  /**
   * How long a worker waits awake for the next loop: longer than the gap between two loops of a
   * forward pass.
   */
  private static final long SPIN_NANOS = 200_000;

  /** Work on the items {@code from} (inclusive) to {@code to} (exclusive). */
  @FunctionalInterface
  public interface Range {
    /** Computes the items of the range. */
    void run(int from, int to);
  }

  /** Work on a range of items by a thread that is told its number, so that it can own scratch. */
  @FunctionalInterface
  public interface NumberedRange {
    /** Computes the items of the range; {@code thread} is below {@link #threads}. */
    void run(int thread, int from, int to);
  }

  private static final class Job {
    final int items;
    final int grain;
    final int share;
    final NumberedRange range;
    final AtomicInteger next = new AtomicInteger();
    final AtomicLong finished = new AtomicLong();
    volatile @Nullable Throwable failure;

    /**
     * Work.
     *
     * @param share of the items that are left, the part of them that is handed out at once; 0 for
     *     always a grain
     */
    Job(int items, int grain, int share, NumberedRange range) {
      this.items = items;
      this.grain = grain;
      this.share = share;
      this.range = range;
    }

    private int end(int from) {
      int part = share == 0 ? grain : Math.max(grain, (items - from) / share);
      return Math.min(items, from + part);
    }

    void work(int thread) {
      for (; ; ) {
        int from = next.get();
        if (from >= items) {
          return;
        }
        int to = end(from);
        if (!next.compareAndSet(from, to)) {
          continue;
        }
        try {
          if (failure == null) {
            range.run(thread, from, to);
          }
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          finished.addAndGet((long) to - from);
        }
      }
    }
  }

  private final int threads;
  private final ReentrantLock turn = new ReentrantLock();
  private final Worker[] workers;
  private volatile @Nullable Job job;
  private volatile boolean closed;

  /** Starts {@code threads - 1} daemon workers. */
  public WorkerPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    this.threads = threads;
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  /** How many threads compute, the calling one included. */
  public int threads() {
    return threads;
  }

  /**
   * Runs {@code range} over all of {@code items} and returns when every item is done. What a piece
   * throws is thrown here, after the other threads have stopped.
   *
   * @param items number of items
   * @param grain items handed out at a time; a loop of at most one grain runs on the calling thread
   *     alone
   */
  public void run(int items, int grain, Range range) {
    run(items, grain, (_, from, to) -> range.run(from, to));
  }

  /** {@link #run(int, int, Range)}, with the number of the thread that computes a piece. */
  public void run(int items, int grain, NumberedRange range) {
    run(items, grain, 0, range);
  }

  /**
   * The same with pieces that begin long and end as short as an item (Polychronopoulos and Kuck
   * 1987, guided self-scheduling): for work that goes best in long runs, where no thread should
   * wait long for the last one.
   */
  public void runTapering(int items, NumberedRange range) {
    run(items, 1, 2 * threads, range);
  }

  @SuppressWarnings(
      "ThreadPriorityCheck") // yields only where the last piece runs on a core that we may be
  // blocking
  private void run(int items, int grain, int share, NumberedRange range) {
    if (items <= 0) {
      return;
    }
    if (workers.length == 0 || items <= grain) {
      range.run(0, 0, items);
      return;
    }
    turn.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the worker pool is closed");
      }
      Job mine = new Job(items, Math.max(1, grain), share, range);
      job = mine;
      for (Worker worker : workers) {
        if (worker.asleep) {
          LockSupport.unpark(worker);
        }
      }
      mine.work(0);
      int spins = 0;
      while (mine.finished.get() < items) {
        if (++spins > 1_000) {
          Thread.yield();
        } else {
          Thread.onSpinWait();
        }
      }
      job = null;
      Throwable failure = mine.failure;
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
    } finally {
      turn.unlock();
    }
  }

  /** Stops the workers and waits for them to end. Idempotent. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    for (Worker worker : workers) {
      Threads.join(worker);
    }
  }

  private final class Worker extends Thread {
    private final int number;
    volatile boolean asleep;

    Worker(int number) {
      super("vesalius-worker-" + number);
      this.number = number;
      setDaemon(true);
    }

    @Override
    public void run() {
      Job last = null;
      long idleSince = System.nanoTime();
      while (!closed) {
        Job current = job;
        if (current != null && current != last) {
          last = current;
          current.work(number);
          idleSince = System.nanoTime();
        } else if (System.nanoTime() - idleSince < SPIN_NANOS) {
          Thread.onSpinWait();
        } else {
          // The flag is raised before the job is looked at again, and run() publishes the job
          // before it looks at the flag:
          // one of the two sees the other, so no wake-up is lost.
          last = null;
          asleep = true;
          if (job == null && !closed) {
            LockSupport.park(this);
          }
          asleep = false;
          idleSince = System.nanoTime();
        }
      }
    }
  }
}
