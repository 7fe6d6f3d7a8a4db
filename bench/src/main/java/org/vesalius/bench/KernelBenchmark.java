package org.vesalius.bench;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.IterationParams;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;

/**
 * The operations of a decoder that are not linear layers, with the shapes of a real model, and the
 * experts of a sparse one. Each fork prints at its end what share of the roofline, measured in the
 * same fork, an operation has reached on data that comes from memory.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class KernelBenchmark {
  private static final int SMOKE_CONTEXT = 64;

  @Param({"native", "simd"})
  public String backend = "native";

  @Param public KernelOperation operation = KernelOperation.RMS_NORM;

  @Param({"qwen2.5-vl-3b"})
  public String model = "";

  @Param({"512"})
  public int tokens;

  /** Tokens in the cache of decode attention. */
  @Param({"8192"})
  public int context;

  @Param({"BF16"})
  public CacheFormat cache = CacheFormat.BF16;

  /** Of the experts. */
  @Param({"BF16"})
  public WeightFormat format = WeightFormat.BF16;

  @Param({"2"})
  public int threads;

  private final TurnClock clock = new TurnClock();
  private Arena arena;
  private Kernels kernels;
  private KernelCase measured;
  private List<Runnable> turns;
  private Optional<Roofline> limits = Optional.empty();
  private int next;

  /** Fills the memory with random numbers and measures the machine. */
  @Setup
  public void open() {
    boolean smoke = Boolean.getBoolean("vesalius.bench.smoke");
    kernels = Backends.open(backend, new KernelOptions(threads));
    arena = Arena.ofShared();
    KernelCase.Sizes sizes =
        new KernelCase.Sizes(
            DecoderShape.named(smoke ? "tiny" : model),
            tokens,
            smoke ? SMOKE_CONTEXT : context,
            cache,
            format);
    measured = KernelCase.of(operation, kernels, arena, sizes, smoke ? 0 : GemmCase.WORKING_SET);
    turns = measured.turns();
    limits = Machine.limits(backend, threads);
  }

  /** Begins a turn. */
  @Setup(Level.Iteration)
  public void before(IterationParams iteration) {
    clock.begin(iteration);
  }

  /** One call. */
  @Benchmark
  public void kernel() {
    turns.get(next).run();
    next = (next + 1) % turns.size();
    clock.call();
  }

  /** Ends a turn. */
  @TearDown(Level.Iteration)
  public void after() {
    clock.end();
  }

  /** Prints what the fork has measured, and frees the memory. */
  @TearDown
  public void close() {
    if (!clock.isEmpty()) {
      Figure figure = new Figure(clock.seconds(), measured.bytes(), measured.operations(), limits);
      System.out.println();
      System.out.println("this fork: " + figure.text());
      limits.ifPresent(limit -> System.out.println("machine: " + Figure.text(limit)));
    }
    kernels.close();
    arena.close();
  }
}
