package org.vesalius.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.bench.onednn.NumberType;
import org.vesalius.bench.onednn.OneDnn;
import org.vesalius.bench.onednn.Product;
import org.vesalius.bench.onednn.Way;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;

/** The peer computes what we compute: else its time means nothing. */
class OneDnnTest {
  private static final int TOKENS = 5;
  private static final int ROWS = 48;
  private static final int COLUMNS = 320;

  /** Rounding of one single-precision operation. */
  private static final double UNIT = Math.ulp(1f) / 2;

  private static OneDnn open(int threads) {
    try {
      return OneDnn.open(threads);
    } catch (IllegalStateException e) {
      return Assumptions.abort(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Whole numbers, so that sums of them below 2^24 have one right answer. Weights of seven bits:
   * with more the library's products saturate on processors without VNNI, as its documentation
   * says.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void integersAreExact(int threads) {
    long seed = 31;
    Random random = new Random(seed);
    try (OneDnn library = open(threads);
        Arena arena = Arena.ofConfined()) {
      MemorySegment weight = arena.allocate((long) ROWS * COLUMNS, 64);
      for (long i = 0; i < weight.byteSize(); i++) {
        weight.set(ValueLayout.JAVA_BYTE, i, (byte) (random.nextInt(127) - 63));
      }
      float[] x = new float[TOKENS * COLUMNS];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextInt(128);
      }
      float[] scales = new float[ROWS];
      for (int row = 0; row < ROWS; row++) {
        scales[row] = 1 << random.nextInt(4);
      }
      int tried = 0;
      for (Way way : Way.int8()) {
        Optional<Product> prepared = Product.prepare(library, way, TOKENS, ROWS, COLUMNS);
        if (prepared.isEmpty()) {
          continue;
        }
        tried++;
        try (Product product = prepared.get()) {
          product.source(x);
          product.scales(scales);
          Product.Weights placed = product.weights(NumberType.S8, weight);
          product.run(placed);
          float[] found = product.read();
          for (int t = 0; t < TOKENS; t++) {
            for (int row = 0; row < ROWS; row++) {
              long sum = 0;
              for (int i = 0; i < COLUMNS; i++) {
                long factor = (long) x[t * COLUMNS + i];
                sum += factor * weight.get(ValueLayout.JAVA_BYTE, (long) row * COLUMNS + i);
              }
              assertEquals(
                  scales[row] * sum,
                  found[t * ROWS + row],
                  product.description() + ", seed " + seed + ", token " + t + ", row " + row);
            }
          }
        }
      }
      assertTrue(tried > 0, "no way of multiplying integers");
    }
  }

  /** What a case of Compare times is the same product on both sides. */
  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void bothEnginesOfACaseAgree(WeightFormat format) {
    LinearShape shape = new LinearShape("", "", ROWS, COLUMNS);
    try (OneDnn library = open(1);
        Kernels kernels = Backends.open("reference", new KernelOptions(1));
        GemmCase layer = new GemmCase(kernels, library, format, shape, TOKENS, 0)) {
      Assumptions.assumeTrue(
          layer.peerDescription().isPresent(), "oneDNN has no optimized code for " + format);
      layer.ours();
      layer.peer();
      float[] ours = layer.ourResult();
      float[] peer = layer.peerResult();
      // Every product is at most 127 * 2, and a sum of n rounds at most n times, in any order.
      double bound = 2.0 * COLUMNS * UNIT * COLUMNS * 127 * 2;
      double largest = 0;
      for (int i = 0; i < ours.length; i++) {
        largest = Math.max(largest, Math.abs(ours[i]));
        assertEquals(ours[i], peer[i], bound, layer.peerDescription() + " at " + i);
      }
      assertTrue(largest > 1000 * bound, "the bound " + bound + " is small beside " + largest);
    }
  }

  @Test
  void copiesOfAWeightFillTheWorkingSet() {
    LinearShape shape = new LinearShape("", "", 16, 64);
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1));
        GemmCase layer = new GemmCase(kernels, null, WeightFormat.BF16, shape, 1, 10_000)) {
      assertTrue(layer.peerDescription().isEmpty());
      assertEquals(16 * 64 * 2 + 4 * (16 + 64), layer.bytes());
      assertEquals(2 * 16 * 64, layer.operations());
      layer.ours();
      float[] first = layer.ourResult();
      for (int i = 1; i < 5; i++) {
        layer.ours();
      }
      // Five copies of 2048 bytes are more than 10,000: the sixth call is at the first again.
      layer.ours();
      assertArrayEquals(first, layer.ourResult());
    }
  }
}
