package org.vesalius.kernels;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.DoubleAdder;

/** Limits of plain Java, for backends that have no better measurement. */
final class ScalarLimits implements MachineLimits {
  private static final int STEPS = 1 << 14;
  private static final int CHAINS = 8;
  private static final int PASSES = 100;

  @Override
  public double readBandwidth(int threads) {
    try (StreamedMemory memory = new StreamedMemory(threads)) {
      return memory.bandwidth((data, from, to) -> {
        long sum = 0;
        for (long i = from; i < to; i += Long.BYTES) {
          sum += data.get(ValueLayout.JAVA_LONG, i);
        }
        return sum;
      });
    }
  }

  @Override
  public double matrixRate(int threads) {
    DoubleAdder sum = new DoubleAdder();
    double best = 0;
    int pieces = 32 * threads;
    try (WorkerPool pool = new WorkerPool(threads)) {
      for (int pass = 0; pass < PASSES; pass++) {
        long start = System.nanoTime();
        pool.run(
            pieces,
            1,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                sum.add(chains(0.3f + i * 0.01f));
              }
            });
        double operations = 2.0 * STEPS * CHAINS * pieces;
        best = Math.max(best, operations * 1e9 / (System.nanoTime() - start));
      }
    }
    return Double.isNaN(sum.sum()) ? 0 : best;
  }

  private static float chains(float factor) {
    float a = 1;
    float b = 2;
    float c = 3;
    float d = 4;
    float e = 5;
    float f = 6;
    float g = 7;
    float h = 8;
    for (int i = 0; i < STEPS; i++) {
      a = Math.fma(a, factor, 0.1f);
      b = Math.fma(b, factor, 0.2f);
      c = Math.fma(c, factor, 0.3f);
      d = Math.fma(d, factor, 0.4f);
      e = Math.fma(e, factor, 0.5f);
      f = Math.fma(f, factor, 0.6f);
      g = Math.fma(g, factor, 0.7f);
      h = Math.fma(h, factor, 0.8f);
    }
    return a + b + c + d + e + f + g + h;
  }
}
