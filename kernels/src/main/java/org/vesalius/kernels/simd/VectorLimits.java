package org.vesalius.kernels.simd;

import static org.vesalius.kernels.simd.Lanes.COUNT;
import static org.vesalius.kernels.simd.Lanes.FLOATS;
import static org.vesalius.kernels.simd.Lanes.INTS;
import static org.vesalius.kernels.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.DoubleAdder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.vesalius.kernels.MachineLimits;
import org.vesalius.kernels.StreamedMemory;
import org.vesalius.kernels.WorkerPool;

/** Limits of vector instructions. */
final class VectorLimits implements MachineLimits {
  private static final int STEPS = 1 << 14;
  private static final int CHAINS = 10;
  private static final int PASSES = 100;

  @Override
  public double readBandwidth(int threads) {
    try (StreamedMemory memory = new StreamedMemory(threads)) {
      return memory.bandwidth(VectorLimits::sum);
    }
  }

  private static long sum(MemorySegment data, long from, long to) {
    IntVector a = IntVector.zero(INTS);
    IntVector b = a;
    IntVector c = a;
    IntVector d = a;
    long step = 4L * COUNT;
    for (long i = from; i < to; i += 4 * step) {
      a = a.add(IntVector.fromMemorySegment(INTS, data, i, ORDER));
      b = b.add(IntVector.fromMemorySegment(INTS, data, i + step, ORDER));
      c = c.add(IntVector.fromMemorySegment(INTS, data, i + 2 * step, ORDER));
      d = d.add(IntVector.fromMemorySegment(INTS, data, i + 3 * step, ORDER));
    }
    return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
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
                sum.add(chains(random(i)));
              }
            });
        double operations = 2.0 * STEPS * CHAINS * COUNT * pieces;
        best = Math.max(best, operations * 1e9 / (System.nanoTime() - start));
      }
    }
    return Double.isNaN(sum.sum()) ? 0 : best;
  }

  private static float[] random(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[(CHAINS + 2) * COUNT];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextFloat() * 2 - 1;
    }
    return numbers;
  }

  private static float chains(float[] numbers) {
    FloatVector x = FloatVector.fromArray(FLOATS, numbers, CHAINS * COUNT);
    FloatVector y = FloatVector.fromArray(FLOATS, numbers, (CHAINS + 1) * COUNT);
    FloatVector a = FloatVector.fromArray(FLOATS, numbers, 0);
    FloatVector b = FloatVector.fromArray(FLOATS, numbers, COUNT);
    FloatVector c = FloatVector.fromArray(FLOATS, numbers, 2 * COUNT);
    FloatVector d = FloatVector.fromArray(FLOATS, numbers, 3 * COUNT);
    FloatVector e = FloatVector.fromArray(FLOATS, numbers, 4 * COUNT);
    FloatVector f = FloatVector.fromArray(FLOATS, numbers, 5 * COUNT);
    FloatVector g = FloatVector.fromArray(FLOATS, numbers, 6 * COUNT);
    FloatVector h = FloatVector.fromArray(FLOATS, numbers, 7 * COUNT);
    FloatVector i = FloatVector.fromArray(FLOATS, numbers, 8 * COUNT);
    FloatVector j = FloatVector.fromArray(FLOATS, numbers, 9 * COUNT);
    for (int step = 0; step < STEPS; step++) {
      a = x.fma(y, a);
      b = x.fma(y, b);
      c = x.fma(y, c);
      d = x.fma(y, d);
      e = x.fma(y, e);
      f = x.fma(y, f);
      g = x.fma(y, g);
      h = x.fma(y, h);
      i = x.fma(y, i);
      j = x.fma(y, j);
    }
    FloatVector sum = a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j);
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
