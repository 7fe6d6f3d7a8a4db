package org.vesalius.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.vesalius.kernels.AttentionShape;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * Attention of one layer of Qwen2.5-VL-3B (16 query and 2 key/value heads of 128) over a paged
 * cache of every format: the last tokens of a sequence of random numbers. A token reads {@code 2 *
 * context * 2 * rowBytes} bytes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class CachedAttentionBenchmark {
  private static final AttentionShape SHAPE = AttentionShape.causal(16, 2, 128);
  private static final int PAGE_SIZE = 32;
  private static final int PAGES_PER_SLAB = 16;

  @Param({"simd", "reference"})
  public String backend = "simd";

  @Param public CacheFormat format = CacheFormat.BF16;

  @Param({"8192"})
  public int context;

  /** Queries: one when decoding, a chunk when reading a prompt. */
  @Param({"1", "256"})
  public int tokens;

  private Kernels kernels;
  private Tensor q;
  private Tensor k;
  private Tensor out;
  private Tensor cos;
  private Tensor sin;
  private Tensor starts;
  private Tensor slots;
  private KeyValues.Paged cache;

  /** Fills a cache by storing random keys and values, a chunk at a time. */
  @Setup
  public void open() {
    kernels = Backends.open(backend, KernelOptions.defaults());
    int pages = Math.ceilDiv(context, PAGE_SIZE);
    cache =
        new KeyValues.Paged(
            slabs(format.elementType(), pages),
            slabs(format.elementType(), pages),
            format.scaled() ? slabs(ElementType.F32, pages) : List.of(),
            format.scaled() ? slabs(ElementType.F32, pages) : List.of(),
            SHAPE.kvHeads(),
            PAGE_SIZE,
            PAGES_PER_SLAB,
            integers(pages, 0),
            integers(1, context));
    Random random = new Random(1);
    q = random(random, SHAPE.heads() * SHAPE.headSize());
    k = random(random, SHAPE.kvHeads() * SHAPE.headSize());
    cos = random(random, SHAPE.headSize() / 2);
    sin = random(random, SHAPE.headSize() / 2);
    out = kernels.allocate(ElementType.F32, tokens, q.columns());
    starts = integers(2, 0);
    kernels.write(starts, new int[] {0, tokens});
    for (int from = 0; from < context; from += tokens) {
      slots = integers(tokens, from);
      store();
    }
  }

  /** Scales are slabs of one row. */
  private List<Tensor> slabs(ElementType type, int pages) {
    int rows = PAGES_PER_SLAB * SHAPE.kvHeads() * PAGE_SIZE;
    List<Tensor> slabs = new ArrayList<>();
    for (int i = 0; i < Math.ceilDiv(pages, PAGES_PER_SLAB); i++) {
      slabs.add(
          type == ElementType.F32 && format.scaled()
              ? kernels.allocate(type, 1, rows)
              : kernels.allocate(type, rows, SHAPE.headSize()));
    }
    return slabs;
  }

  private Tensor integers(int count, int first) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = first + i;
    }
    Tensor tensor = kernels.allocate(ElementType.I32, 1, count);
    kernels.write(tensor, values);
    return tensor;
  }

  private Tensor random(Random random, int width) {
    float[] values = new float[tokens * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor tensor = kernels.allocate(ElementType.F32, tokens, width);
    kernels.write(tensor, values);
    return tensor;
  }

  /** One layer's attention. */
  @Benchmark
  public void attention() {
    kernels.attention(out, q, cache, starts, SHAPE);
  }

  /** One layer's rotation and store. */
  @Benchmark
  public void store() {
    kernels.rotateAndCache(q, k, k, null, null, 0, cos, sin, cache, slots);
  }

  /** Frees the memory. */
  @TearDown
  public void close() {
    kernels.close();
  }
}
