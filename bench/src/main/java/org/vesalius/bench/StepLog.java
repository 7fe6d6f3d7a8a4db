package org.vesalius.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.EngineStep;

/**
 * Notes when an engine's steps ended and how long they took, of those in which a given number of
 * requests only generate. Observed on the engine's thread, read by another when that is idle.
 */
final class StepLog implements EngineObserver {

  /**
   * A step that came directly after another of its kind.
   *
   * @param interval nanoseconds from the end of the one before to its end
   * @param computed nanoseconds of these in which the engine computed
   */
  record Entry(long interval, long computed) {}

  private final List<Entry> entries = new ArrayList<>();
  private final Semaphore ended = new Semaphore(0);
  private int requests = 1;
  private long before;

  /** Forgets everything; from now on steps with so many requests count. */
  synchronized void begin(int count) {
    requests = count;
    entries.clear();
    before = 0;
    ended.drainPermits();
  }

  /** The steps since the beginning. */
  synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** Waits for the end of the next step that counts. */
  void await() throws InterruptedException {
    ended.acquire();
  }

  @Override
  public synchronized void stepEnds(EngineStep step, long nanos) {
    long now = System.nanoTime();
    boolean counts = step.chunks().isEmpty() && step.decoding().size() == requests;
    if (!counts) {
      before = 0;
      return;
    }
    if (before != 0) {
      entries.add(new Entry(now - before, nanos));
    }
    before = now;
    ended.release();
  }
}
