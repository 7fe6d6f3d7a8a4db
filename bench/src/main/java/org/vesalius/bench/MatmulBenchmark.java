package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
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
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * A linear layer with the shapes of Qwen2.5-VL-3B on random BF16 weights, for one token and for
 * many. The setup prints the machine's limits as measured in the same fork; a layer of one token is
 * bound by reading {@code rows * columns * 2} bytes, one of many by {@code 2 * rows * columns *
 * tokens} operations.
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
public class MatmulBenchmark {
  /** Copies of the weight, so that one pass over them does not fit any cache. */
  private static final int COPIES = 8;

  @Param({"simd", "reference"})
  public String backend = "simd";

  @Param({"11008x2048", "2048x11008", "2048x2048"})
  public String shape = "2048x2048";

  @Param({"1", "8", "64"})
  public int tokens;

  private Kernels kernels;
  private Arena arena;
  private Weight[] weights;
  private Tensor x;
  private Tensor out;
  private int next;

  /** Fills the weights with random numbers. */
  @Setup
  public void open() {
    int rows = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
    int columns = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
    KernelOptions options = KernelOptions.defaults();
    kernels = Backends.open(backend, options);
    arena = Arena.ofShared();
    SplittableRandom random = new SplittableRandom(3);
    weights = new Weight[COPIES];
    for (int i = 0; i < COPIES; i++) {
      MemorySegment data = arena.allocate(2L * rows * columns, 64);
      for (long j = 0; j < (long) rows * columns / 4; j++) {
        // Four numbers: sign and mantissa random, magnitude from a half to two.
        long bits = (random.nextLong() & 0x80FF_80FF_80FF_80FFL) | 0x3F00_3F00_3F00_3F00L;
        data.setAtIndex(ValueLayout.JAVA_LONG, j, bits);
      }
      weights[i] = kernels.place(new Weight.BF16(data, rows, columns));
    }
    x = kernels.allocate(ElementType.F32, tokens, columns);
    out = kernels.allocate(ElementType.F32, tokens, rows);
    float[] values = new float[tokens * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    kernels.write(x, values);
    if (!Boolean.getBoolean("vesalius.bench.smoke")) {
      Backend measuring =
          Backends.all().stream().filter(b -> b.name().equals(backend)).findFirst().orElseThrow();
      System.out.println("limits of the machine now: " + Roofline.measure(measuring, options));
    }
  }

  /** One layer. */
  @Benchmark
  public void linear() {
    kernels.linear(out, x, weights[next], null);
    next = (next + 1) % COPIES;
  }

  /** Frees the memory. */
  @TearDown
  public void close() {
    kernels.close();
    arena.close();
  }
}
