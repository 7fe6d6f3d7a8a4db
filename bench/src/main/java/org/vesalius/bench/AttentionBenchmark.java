package org.vesalius.bench;

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
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;

/**
 * Attention of a vision tower with the shape of Qwen2.5-VL (16 heads of 80) on random data: the
 * whole picture, or windows of 64 patches. {@code 4 * patches * keys * heads * headSize}
 * operations.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class AttentionBenchmark {
  private static final AttentionShape SHAPE = AttentionShape.full(16, 80);

  @Param({"simd", "reference"})
  public String backend = "simd";

  @Param({"1024"})
  public int patches;

  /** Patches that attend to each other. */
  @Param({"64", "1024"})
  public int window;

  private Kernels kernels;
  private Tensor q;
  private Tensor out;
  private Tensor starts;
  private KeyValues.Ragged keyValues;

  /** Fills the tensors with random numbers. */
  @Setup
  public void open() {
    kernels = Backends.open(backend, KernelOptions.defaults());
    q = random(1);
    keyValues = new KeyValues.Ragged(random(2), random(3));
    out = kernels.allocate(ElementType.F32, patches, q.columns());
    int sequences = patches / window;
    int[] first = new int[sequences + 1];
    for (int i = 0; i <= sequences; i++) {
      first[i] = i * window;
    }
    starts = kernels.allocate(ElementType.I32, 1, first.length);
    kernels.write(starts, first);
  }

  private Tensor random(long seed) {
    int width = SHAPE.heads() * SHAPE.headSize();
    float[] values = new float[patches * width];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor tensor = kernels.allocate(ElementType.F32, patches, width);
    kernels.write(tensor, values);
    return tensor;
  }

  /** One layer's attention. */
  @Benchmark
  public void attention() {
    kernels.attention(out, q, keyValues, starts, SHAPE);
  }

  /** Frees the memory. */
  @TearDown
  public void close() {
    kernels.close();
  }
}
