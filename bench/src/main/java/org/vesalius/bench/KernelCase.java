package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * One operation of a decoder on random data, ready to be called. Calls go round as many copies of
 * the data as no cache holds, so that the bytes have to come from memory and the roofline is a
 * bound: in a model, whose activations are still in a cache, an operation may be faster than this.
 *
 * @param turns calls on one copy each
 * @param bytes that a call reads and writes at least
 * @param operations multiplications and additions of a call
 */
record KernelCase(List<Runnable> turns, double bytes, double operations) {
  private static final long SEED = 11;

  /** As the cache of a model has them. */
  private static final int PAGE_SIZE = 32;

  private static final int PAGES_PER_SLAB = 16;
  private static final int EXPERTS = 128;
  private static final int EXPERTS_PER_TOKEN = 8;
  private static final int EXPERT_ROWS = 768;
  private static final int EXPERT_COLUMNS = 2048;
  private static final float EPSILON = 1e-6f;

  /**
   * What is computed.
   *
   * @param tokens of the batch, for decode attention 1
   * @param context tokens in the cache, for decode attention
   * @param cache format of keys and values
   * @param weights format of the experts
   */
  record Sizes(
      DecoderShape model, int tokens, int context, CacheFormat cache, WeightFormat weights) {}

  /**
   * Fills the memory.
   *
   * @param arena owns the weights
   * @param workingSet bytes that all copies have at least
   */
  static KernelCase of(
      KernelOperation operation, Kernels kernels, Arena arena, Sizes sizes, long workingSet) {
    Builder builder = new Builder(kernels, arena, sizes, workingSet);
    return switch (operation) {
      case RMS_NORM -> builder.rmsNorm();
      case ADD_RMS_NORM -> builder.addRmsNorm();
      case ROTATE_AND_CACHE -> builder.rotateAndCache();
      case GATED_ACTIVATION -> builder.gatedActivation();
      case EXPERTS -> builder.experts();
      case PREFILL_ATTENTION -> builder.attention(sizes.tokens(), sizes.tokens());
      case DECODE_ATTENTION -> builder.attention(1, sizes.context());
    };
  }

  private static final class Builder {
    private final Kernels kernels;
    private final Arena arena;
    private final Sizes sizes;
    private final DecoderShape model;
    private final long workingSet;
    private final SplittableRandom random = new SplittableRandom(SEED);

    Builder(Kernels kernels, Arena arena, Sizes sizes, long workingSet) {
      this.kernels = kernels;
      this.arena = arena;
      this.sizes = sizes;
      model = sizes.model();
      this.workingSet = workingSet;
    }

    private Tensor empty(int rows, int columns) {
      return kernels.allocate(ElementType.F32, rows, columns);
    }

    private Tensor filled(int rows, int columns) {
      float[] values = new float[rows * columns];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-1, 1);
      }
      return written(rows, columns, values);
    }

    private Tensor written(int rows, int columns, float[] values) {
      Tensor tensor = empty(rows, columns);
      kernels.write(tensor, values);
      return tensor;
    }

    private Tensor integers(int... values) {
      Tensor tensor = kernels.allocate(ElementType.I32, 1, values.length);
      kernels.write(tensor, values);
      return tensor;
    }

    private interface Copy {
      Runnable make();
    }

    private KernelCase copies(double bytes, double operations, Copy copy) {
      List<Runnable> turns = new ArrayList<>();
      for (double all = 0; turns.isEmpty() || all < workingSet; all += bytes) {
        turns.add(copy.make());
      }
      return new KernelCase(turns, bytes, operations);
    }

    KernelCase rmsNorm() {
      double elements = (double) sizes.tokens() * model.width();
      Tensor gain = filled(1, model.width());
      return copies(
          8 * elements,
          4 * elements,
          () -> {
            Tensor x = filled(sizes.tokens(), model.width());
            Tensor out = empty(sizes.tokens(), model.width());
            return () -> kernels.rmsNorm(out, x, gain, EPSILON);
          });
    }

    KernelCase addRmsNorm() {
      double elements = (double) sizes.tokens() * model.width();
      Tensor gain = filled(1, model.width());
      return copies(
          16 * elements,
          5 * elements,
          () -> {
            Tensor residual = filled(sizes.tokens(), model.width());
            Tensor delta = filled(sizes.tokens(), model.width());
            Tensor out = empty(sizes.tokens(), model.width());
            return () -> kernels.addRmsNorm(out, residual, delta, gain, EPSILON);
          });
    }

    KernelCase gatedActivation() {
      int tokens = sizes.tokens();
      int width = model.innerWidth();
      double elements = (double) tokens * width;
      return copies(
          12 * elements,
          5 * elements,
          () -> {
            // The operation is done in place again and again. With these numbers the gate stays as
            // it is (silu(g) * (1 + exp(-g)) = g, and for these g errors shrink); with others it
            // would end as zeros or infinities.
            float[] gates = new float[tokens * width];
            float[] ups = new float[gates.length];
            for (int i = 0; i < gates.length; i++) {
              gates[i] = (float) random.nextDouble(-1, -0.1);
              ups[i] = (float) (1 + Math.exp(-gates[i]));
            }
            Tensor gate = written(tokens, width, gates);
            Tensor up = written(tokens, width, ups);
            return () -> kernels.gatedActivation(gate, up, Activation.SILU);
          });
    }

    KernelCase rotateAndCache() {
      int tokens = sizes.tokens();
      double bytes =
          4.0 * tokens * (2 * model.queryWidth() + 3 * model.keyWidth()) + cacheBytes(tokens);
      double operations = 3.0 * tokens * (model.queryWidth() + model.keyWidth());
      Tensor cos = filled(tokens, model.headSize() / 2);
      Tensor sin = written(tokens, model.headSize() / 2, complement(cos));
      return copies(
          bytes,
          operations,
          () -> {
            Cache cache = new Cache(tokens);
            Tensor q = filled(tokens, model.queryWidth());
            Tensor k = filled(tokens, model.keyWidth());
            Tensor v = filled(tokens, model.keyWidth());
            Tensor slots = integers(cache.slots(0, tokens));
            return () ->
                kernels.rotateAndCache(
                    q, k, v, null, null, EPSILON, cos, sin, cache.keyValues, slots);
          });
    }

    /** Sines that go with cosines: rotating again and again changes no length. */
    private float[] complement(Tensor cos) {
      float[] values = new float[cos.rows() * cos.columns()];
      kernels.read(values, cos);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) Math.sqrt(1 - (double) values[i] * values[i]);
      }
      return values;
    }

    private double cacheBytes(int tokens) {
      return 2.0 * tokens * model.kvHeads() * sizes.cache().rowBytes(model.headSize());
    }

    KernelCase experts() {
      int rows = sizes.tokens() * EXPERTS_PER_TOKEN;
      List<Weight> experts = new ArrayList<>();
      for (int e = 0; e < EXPERTS; e++) {
        experts.add(
            kernels.place(sizes.weights().random(arena, EXPERT_ROWS, EXPERT_COLUMNS, SEED + e)));
      }
      ExpertRouting routing =
          ExpertRouting.allocate(kernels, sizes.tokens(), EXPERTS, EXPERTS_PER_TOKEN);
      kernels.route(routing, filled(sizes.tokens(), EXPERTS), true);
      Tensor x = filled(rows, EXPERT_COLUMNS);
      Tensor out = empty(rows, EXPERT_ROWS);
      // The experts together are more than caches hold; which are read is the router's choice.
      double bytes =
          (double) chosen(routing) * experts.getFirst().byteSize()
              + 4.0 * rows * (EXPERT_COLUMNS + EXPERT_ROWS);
      return new KernelCase(
          List.of(() -> kernels.expertLinear(out, x, experts, routing.starts())),
          bytes,
          2.0 * rows * EXPERT_COLUMNS * EXPERT_ROWS);
    }

    private static int chosen(ExpertRouting routing) {
      int count = 0;
      for (int e = 0; e < EXPERTS; e++) {
        int start = routing.starts().data().getAtIndex(ValueLayout.JAVA_INT, e);
        int end = routing.starts().data().getAtIndex(ValueLayout.JAVA_INT, e + 1);
        count += end > start ? 1 : 0;
      }
      return count;
    }

    KernelCase attention(int queries, int context) {
      AttentionShape shape =
          AttentionShape.causal(model.heads(), model.kvHeads(), model.headSize());
      double pairs = (double) queries * (context - queries) + queries * (queries + 1) / 2.0;
      double bytes = 4.0 * 2 * queries * model.queryWidth() + cacheBytes(context);
      Tensor starts = integers(0, queries);
      return copies(
          bytes,
          4 * pairs * model.queryWidth(),
          () -> {
            Cache cache = new Cache(context);
            cache.fill();
            Tensor q = filled(queries, model.queryWidth());
            Tensor out = empty(queries, model.queryWidth());
            return () -> kernels.attention(out, q, cache.keyValues, starts, shape);
          });
    }

    /** A cache of one layer whose pages lie in random order. */
    private final class Cache {
      private final int tokens;
      private final int[] pages;
      private final KeyValues.Paged keyValues;

      Cache(int tokens) {
        this.tokens = tokens;
        int count = Math.ceilDiv(tokens, PAGE_SIZE);
        int slabs = Math.ceilDiv(count, PAGES_PER_SLAB);
        List<Integer> order =
            new ArrayList<>(IntStream.range(0, slabs * PAGES_PER_SLAB).boxed().toList());
        Collections.shuffle(order, new Random(SEED));
        pages = order.stream().mapToInt(Integer::intValue).limit(count).toArray();
        keyValues =
            new KeyValues.Paged(
                slabs(slabs),
                slabs(slabs),
                sizes.cache().scaled() ? scales(slabs) : List.of(),
                sizes.cache().scaled() ? scales(slabs) : List.of(),
                model.kvHeads(),
                PAGE_SIZE,
                PAGES_PER_SLAB,
                integers(pages),
                integers(tokens));
      }

      private int rows() {
        return PAGES_PER_SLAB * model.kvHeads() * PAGE_SIZE;
      }

      private List<Tensor> slabs(int count) {
        return IntStream.range(0, count)
            .mapToObj(_ -> kernels.allocate(sizes.cache().elementType(), rows(), model.headSize()))
            .toList();
      }

      private List<Tensor> scales(int count) {
        return IntStream.range(0, count).mapToObj(_ -> empty(1, rows())).toList();
      }

      int[] slots(int from, int to) {
        return IntStream.range(from, to)
            .map(t -> pages[t / PAGE_SIZE] * PAGE_SIZE + t % PAGE_SIZE)
            .toArray();
      }

      /** Stores random keys and values as a model does. */
      void fill() {
        int step = Math.min(tokens, 512);
        Tensor cos = filled(step, model.headSize() / 2);
        Tensor sin = filled(step, model.headSize() / 2);
        Tensor q = filled(step, model.queryWidth());
        Tensor k = filled(step, model.keyWidth());
        Tensor v = filled(step, model.keyWidth());
        for (int from = 0; from < tokens; from += step) {
          int count = Math.min(step, tokens - from);
          kernels.rotateAndCache(
              q.rows(0, count),
              k.rows(0, count),
              v.rows(0, count),
              null,
              null,
              EPSILON,
              cos.rows(0, count),
              sin.rows(0, count),
              keyValues,
              integers(slots(from, from + count)));
        }
      }
    }
  }
}
