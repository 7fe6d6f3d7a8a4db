package org.vesalius.nativekernels;

import org.vesalius.kernels.WorkerPool;

/** Splits the rows of an operation over threads. */
final class RowLoop {
  /** Numbers that a thread takes at a time. */
  private static final long NUMBERS = 1 << 14;

  private RowLoop() {}

  /**
   * Runs an operation on all rows.
   *
   * @param width numbers of a row
   * @param cost how much longer a number takes than to be added
   */
  static void run(WorkerPool pool, int rows, int width, int cost, WorkerPool.Range operation) {
    pool.run(rows, grain(width, cost), operation);
  }

  private static int grain(int width, int cost) {
    return (int) Math.max(1, NUMBERS / Math.max(1, (long) width * cost));
  }
}
