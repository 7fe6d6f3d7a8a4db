package org.vesalius.nativekernels;

import java.util.concurrent.atomic.DoubleAdder;
import org.vesalius.kernels.MachineLimits;
import org.vesalius.kernels.StreamedMemory;
import org.vesalius.kernels.WorkerPool;

/** Limits of the instructions that the native kernels use. */
final class NativeLimits implements MachineLimits {
  private static final long STEPS = 1 << 10;
  private static final int PIECES = 8;
  private static final long LEAST_NANOS = 300_000_000;

  /** More than any product asks for. */
  private static final long SCRATCH = 1 << 20;

  @Override
  public double readBandwidth(int threads) {
    try (StreamedMemory memory = new StreamedMemory(threads)) {
      long address = Addresses.of(memory.data());
      return memory.bandwidth((_, from, to) -> NativeLibrary.readMemory(address + from, to - from));
    }
  }

  /** Of products with BF16 weights, the format that checkpoints have. */
  @Override
  public double matrixRate(int threads) {
    return matrixRate(threads, WeightStructs.BF16);
  }

  /** Operations per second of products with a format of {@code enum vesalius_format}. */
  static double matrixRate(int threads, int format) {
    double best = 0;
    try (WorkerPool pool = new WorkerPool(threads);
        ThreadScratch scratch = new ThreadScratch(threads)) {
      scratch.require(SCRATCH);
      long end = System.nanoTime() + LEAST_NANOS;
      while (System.nanoTime() < end) {
        DoubleAdder operations = new DoubleAdder();
        long start = System.nanoTime();
        pool.run(
            PIECES * threads,
            1,
            (thread, from, to) -> {
              for (int i = from; i < to; i++) {
                operations.add(NativeLibrary.compute(format, STEPS, scratch.of(thread)));
              }
            });
        best = Math.max(best, operations.sum() * 1e9 / (System.nanoTime() - start));
      }
    }
    return best;
  }
}
