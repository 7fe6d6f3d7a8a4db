package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {

  @Test
  void everyItemOnce() {
    for (int threads = 1; threads <= 5; threads++) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        assertEquals(threads, pool.threads());
        for (int items : new int[] {0, 1, 2, 7, 64, 1000, 4097}) {
          for (int grain : new int[] {1, 3, 64, 5000}) {
            AtomicIntegerArray seen = new AtomicIntegerArray(items);
            pool.run(
                items,
                grain,
                (from, to) -> {
                  assertTrue(from < to && to - from <= Math.max(grain, items));
                  for (int i = from; i < to; i++) {
                    seen.incrementAndGet(i);
                  }
                });
            for (int i = 0; i < items; i++) {
              assertEquals(1, seen.get(i), threads + " threads, " + items + ", grain " + grain);
            }
          }
        }
      }
    }
  }

  @Test
  void taperingPiecesGetShorterDownToOneItem() {
    for (int threads = 2; threads <= 5; threads++) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        for (int items : new int[] {2, 7, 64, 1000}) {
          int[] pieceThatBegins = new int[items];
          pool.runTapering(
              items,
              (_, from, to) -> {
                assertEquals(0, pieceThatBegins[from]);
                pieceThatBegins[from] = to - from;
              });
          String what = threads + " threads, " + items;
          int longest = Math.max(1, items / (2 * threads));
          int before = longest;
          int from = 0;
          while (from < items) {
            int piece = pieceThatBegins[from];
            assertTrue(piece > 0 && piece <= before, what + ": " + piece + " after " + before);
            before = piece;
            from += piece;
          }
          assertEquals(items, from, what);
          assertEquals(longest, pieceThatBegins[0], what);
          assertEquals(1, before, what);
        }
      }
    }
  }

  /** Scratch memory is handed out by these numbers, so two pieces must never have the same. */
  @Test
  void numbersAreNotSharedByRunningPieces() {
    int threads = 4;
    try (WorkerPool pool = new WorkerPool(threads)) {
      AtomicIntegerArray running = new AtomicIntegerArray(threads);
      for (int round = 0; round < 200; round++) {
        pool.run(
            64,
            1,
            (thread, _, _) -> {
              assertEquals(1, running.incrementAndGet(thread));
              Thread.onSpinWait();
              assertEquals(0, running.decrementAndGet(thread));
            });
      }
    }
  }

  @Test
  void allThreadsWork() throws InterruptedException {
    int threads = 3;
    try (WorkerPool pool = new WorkerPool(threads)) {
      // Longer than the workers stay awake: they have to be woken.
      Thread.sleep(20);
      CountDownLatch together = new CountDownLatch(threads);
      Set<Integer> numbers = ConcurrentHashMap.newKeySet();
      pool.run(
          threads,
          1,
          (thread, _, _) -> {
            numbers.add(thread);
            together.countDown();
            awaitAll(together);
          });
      assertEquals(Set.of(0, 1, 2), numbers);
    }
  }

  private static void awaitAll(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "a worker never came");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatAPieceThrowsIsThrown() {
    try (WorkerPool pool = new WorkerPool(3)) {
      for (RuntimeException failure :
          new RuntimeException[] {
            new IllegalStateException("at 77"), new IndexOutOfBoundsException("at 77")
          }) {
        RuntimeException thrown =
            assertThrows(
                RuntimeException.class,
                () ->
                    pool.run(
                        100,
                        1,
                        (from, _) -> {
                          if (from == 77) {
                            throw failure;
                          }
                        }));
        assertSame(failure, thrown);
      }
      Error error = new AssertionError("last");
      assertSame(
          error,
          assertThrows(
              AssertionError.class,
              () ->
                  pool.run(
                      10,
                      1,
                      (_, to) -> {
                        if (to == 10) {
                          throw error;
                        }
                      })));
      AtomicInteger after = new AtomicInteger();
      pool.run(100, 1, (from, to) -> after.addAndGet(to - from));
      assertEquals(100, after.get());
    }
  }

  @Test
  void closeEndsTheWorkers() throws InterruptedException {
    Set<Thread> workers = ConcurrentHashMap.newKeySet();
    WorkerPool pool = new WorkerPool(4);
    CountDownLatch together = new CountDownLatch(4);
    pool.run(
        4,
        1,
        (_, _) -> {
          workers.add(Thread.currentThread());
          together.countDown();
          awaitAll(together);
        });
    Thread.sleep(10);
    pool.close();
    pool.close();
    assertEquals(4, workers.size());
    workers.remove(Thread.currentThread());
    for (Thread worker : workers) {
      assertTrue(worker.isDaemon());
      assertFalse(worker.isAlive(), worker.getName());
    }
    assertThrows(IllegalStateException.class, () -> pool.run(10, 1, (_, _) -> {}));
  }

  @Test
  void atLeastOneThread() {
    assertThrows(IllegalArgumentException.class, () -> new WorkerPool(0));
    assertThrows(IllegalArgumentException.class, () -> new KernelOptions(0));
    assertTrue(KernelOptions.defaults().threads() >= 1);
  }
}
