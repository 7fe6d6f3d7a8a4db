package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Threads that have nothing to do take no processor time. By what the system has counted for each
 * thread, so that other processes on the machine don't matter: a thread that waits awake counts the
 * whole pause, or its share of a busy machine.
 */
class IdleContractTest {
  /** A worker stays awake for a fraction of a millisecond after a loop. */
  private static final int FALL_ASLEEP_MILLIS = 100;

  private static final int PAUSE_MILLIS = 500;
  private static final int ROWS = 64;
  private static final int COLUMNS = 512;

  /** A fiftieth of the pause; awake it would be all of it, or a large part. */
  private static final double MOST_SECONDS = PAUSE_MILLIS / 1e3 / 50;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

  private double secondsDuringPause(Set<Long> watched) throws InterruptedException {
    Assumptions.assumeTrue(
        threads.isThreadCpuTimeSupported(), "this JVM counts no processor time of threads");
    Thread.sleep(FALL_ASLEEP_MILLIS);
    long before = nanos(watched);
    Thread.sleep(PAUSE_MILLIS);
    return (nanos(watched) - before) / 1e9;
  }

  private long nanos(Set<Long> watched) {
    long sum = 0;
    for (long id : watched) {
      sum += Math.max(0, threads.getThreadCpuTime(id));
    }
    return sum;
  }

  private Set<Long> all() {
    Set<Long> ids = new HashSet<>();
    Arrays.stream(threads.getAllThreadIds()).forEach(ids::add);
    return ids;
  }

  @Test
  void workersOfAPoolSleep() throws InterruptedException {
    int count = 3;
    try (WorkerPool pool = new WorkerPool(count)) {
      Set<Long> workers = ConcurrentHashMap.newKeySet();
      CountDownLatch together = new CountDownLatch(count);
      pool.run(
          count,
          1,
          (thread, _, _) -> {
            if (thread > 0) {
              workers.add(Thread.currentThread().threadId());
            }
            together.countDown();
            try {
              assertTrue(together.await(30, TimeUnit.SECONDS), "a worker never came");
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      assertEquals(count - 1, workers.size());
      double seconds = secondsDuringPause(workers);
      assertTrue(seconds < MOST_SECONDS, "idle workers took " + seconds + " s of processor time");
    }
  }

  /** Whatever threads a backend starts: those that were not there before. */
  @ParameterizedTest
  @MethodSource("org.vesalius.kernels.BackendsUnderTest#all")
  void threadsOfABackendSleep(String backend) throws InterruptedException {
    Set<Long> before = all();
    try (Kernels kernels = BackendsUnderTest.open(backend, 3);
        Arena arena = Arena.ofShared()) {
      Samples samples = new Samples(5);
      Tensor x = Matrices.of(kernels, 2, COLUMNS, samples.normal(2 * COLUMNS, 1));
      Tensor out = kernels.allocate(ElementType.F32, 2, ROWS);
      Weight weight =
          kernels.place(
              StoredWeights.of(
                  arena,
                  StoredWeights.Format.F32,
                  StoredWeights.Place.ALIGNED,
                  ROWS,
                  COLUMNS,
                  samples.normal(ROWS * COLUMNS, 1)));
      for (int i = 0; i < 100; i++) {
        kernels.linear(out, x, weight, null);
      }
      Set<Long> workers = all();
      workers.removeAll(before);
      double seconds = secondsDuringPause(workers);
      assertTrue(
          seconds < MOST_SECONDS,
          backend + ": " + workers.size() + " idle threads took " + seconds + " s of processor");
    }
  }
}
