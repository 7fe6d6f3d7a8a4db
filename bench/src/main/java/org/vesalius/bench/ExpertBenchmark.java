package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
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
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * The experts of a sparse feed-forward network with the shapes of Qwen3-30B-A3B (hidden size 2048,
 * 128 experts of 768, 8 for each token) on random BF16 weights, stored row by row and column by
 * column, beside a linear layer that reads as many bytes for one token. The choice of experts is
 * random and another one at every call, so that one token reads its weights from memory.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class ExpertBenchmark {
  private static final int EXPERTS = 128;
  private static final int PER_TOKEN = 8;

  /** Choices of experts that take turns, and copies of the linear layer's weight. */
  private static final int TURNS = 8;

  /** How a weight is stored. */
  public enum Order {
    /** Row by row. */
    ROWS,
    /** Column by column. */
    COLUMNS
  }

  @Param({"768x2048", "2048x768"})
  public String shape = "768x2048";

  @Param({"1", "64"})
  public int tokens;

  @Param({"ROWS", "COLUMNS"})
  public Order order = Order.ROWS;

  private final SplittableRandom random = new SplittableRandom(5);
  private Kernels kernels;
  private Arena arena;
  private List<Weight> experts;
  private Weight[] dense;
  private ExpertRouting[] routings;
  private Tensor chosen;
  private Tensor mixed;
  private Tensor x;
  private Tensor out;
  private int next;

  /** Fills the weights with random numbers and chooses experts. */
  @Setup
  public void open() {
    int rows = Integer.parseInt(shape.substring(0, shape.indexOf('x')));
    int columns = Integer.parseInt(shape.substring(shape.indexOf('x') + 1));
    KernelOptions options = KernelOptions.defaults();
    kernels = Backends.open("simd", options);
    arena = Arena.ofShared();
    experts = new ArrayList<>();
    for (int e = 0; e < EXPERTS; e++) {
      experts.add(weight(rows, columns));
    }
    dense = new Weight[TURNS];
    routings = new ExpertRouting[TURNS];
    Tensor logits = kernels.allocate(ElementType.F32, tokens, EXPERTS);
    for (int i = 0; i < TURNS; i++) {
      dense[i] = weight(rows * PER_TOKEN, columns);
      routings[i] = ExpertRouting.allocate(kernels, tokens, EXPERTS, PER_TOKEN);
      fill(logits);
      kernels.route(routings[i], logits, true);
    }
    chosen = fill(kernels.allocate(ElementType.F32, tokens * PER_TOKEN, columns));
    mixed = kernels.allocate(ElementType.F32, tokens * PER_TOKEN, rows);
    x = fill(kernels.allocate(ElementType.F32, tokens, columns));
    out = kernels.allocate(ElementType.F32, tokens, rows * PER_TOKEN);
    if (!Boolean.getBoolean("vesalius.bench.smoke")) {
      Backend measuring =
          Backends.all().stream().filter(b -> b.name().equals("simd")).findFirst().orElseThrow();
      System.out.println("limits of the machine now: " + Roofline.measure(measuring, options));
    }
  }

  private Weight weight(int rows, int columns) {
    MemorySegment data = arena.allocate(2L * rows * columns, 64);
    for (long j = 0; j < (long) rows * columns / 4; j++) {
      // Four numbers: sign and mantissa random, magnitude from a half to two.
      long bits = (random.nextLong() & 0x80FF_80FF_80FF_80FFL) | 0x3F00_3F00_3F00_3F00L;
      data.setAtIndex(ValueLayout.JAVA_LONG, j, bits);
    }
    return kernels.place(
        switch (order) {
          case ROWS -> new Weight.BF16(data, rows, columns);
          case COLUMNS -> new Weight.Transposed(new Weight.BF16(data, columns, rows));
        });
  }

  private Tensor fill(Tensor tensor) {
    float[] values = new float[tensor.rows() * tensor.columns()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    kernels.write(tensor, values);
    return tensor;
  }

  /** One matrix of the experts of all tokens. */
  @Benchmark
  public void experts() {
    kernels.expertLinear(mixed, chosen, experts, routings[next].starts());
    next = (next + 1) % TURNS;
  }

  /** A linear layer with as many outputs as the experts of one token together. */
  @Benchmark
  public void linear() {
    kernels.linear(out, x, dense[next], null);
    next = (next + 1) % TURNS;
  }

  /** Frees the memory. */
  @TearDown
  public void close() {
    kernels.close();
    arena.close();
  }
}
