package org.vesalius.bench;

import java.util.Locale;
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
import org.vesalius.bench.onednn.OneDnn;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Roofline;

/**
 * A linear layer with the shape of a real model on random weights, for one token and for many. Each
 * fork takes turns with oneDNN on the same shape: before each iteration of ours one of theirs. At
 * its end it prints our rate, its share of the roofline measured in the fork, and oneDNN's rate.
 * {@code -p shape=ROWSxCOLUMNS} takes any other shape; {@link Compare} does the same for whole
 * models.
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
public class GemmBenchmark {
  private static final long TURN_NANOS = 300_000_000;

  @Param({"native", "simd"})
  public String backend = "native";

  @Param({"BF16", "F32", "INT8", "INT4"})
  public WeightFormat format = WeightFormat.BF16;

  /** Gate of Qwen2.5-VL-3B, its down projection, and the queries, keys and values of its tower. */
  @Param({"11008x2048", "2048x11008", "3840x1280"})
  public String shape = "";

  @Param({"1", "64", "512"})
  public int tokens;

  @Param({"2"})
  public int threads;

  private final TurnClock clock = new TurnClock();
  private final TurnClock peerClock = new TurnClock();
  private boolean smoke;
  private Kernels kernels;
  private OneDnn oneDnn;
  private GemmCase layer;
  private Optional<Roofline> limits = Optional.empty();

  /** Fills the weights with random numbers and measures the machine. */
  @Setup
  public void open() {
    smoke = Boolean.getBoolean("vesalius.bench.smoke");
    kernels = Backends.open(backend, new KernelOptions(threads));
    oneDnn = OneDnn.open(threads);
    LinearShape sizes = LinearShape.named(shape).getFirst();
    layer = new GemmCase(kernels, oneDnn, format, sizes, tokens, smoke ? 0 : GemmCase.WORKING_SET);
    limits = Machine.limits(backend, threads);
  }

  /** A turn of oneDNN. */
  @Setup(Level.Iteration)
  public void before(IterationParams iteration) {
    if (layer.peerDescription().isPresent()) {
      double turn = Alternation.turn(layer::peer, smoke ? 0 : TURN_NANOS);
      if (TurnClock.counts(iteration)) {
        peerClock.add(turn);
      }
    }
    Alternation.rest();
    layer.ours();
    clock.begin(iteration);
  }

  /** One layer. */
  @Benchmark
  public void linear() {
    layer.ours();
    clock.call();
  }

  /** Keeps the time of our turn. */
  @TearDown(Level.Iteration)
  public void after() {
    clock.end();
  }

  /** Prints what the fork has measured, and frees the memory. */
  @TearDown
  public void close() {
    if (!clock.isEmpty()) {
      Alternation.Seconds ours = clock.seconds();
      Figure figure = new Figure(ours, layer.bytes(), layer.operations(), limits);
      System.out.println();
      System.out.println("this fork: " + figure.text());
      limits.ifPresent(limit -> System.out.println("machine: " + Figure.text(limit)));
      if (peerClock.isEmpty()) {
        System.out.println("oneDNN: no optimized code for this here");
      } else {
        double peer = peerClock.seconds().median();
        System.out.printf(
            Locale.ROOT,
            "oneDNN: %s, %.1f GFLOP/s; ours has %.2f of its rate (%s)%n",
            Figure.time(peer),
            layer.operations() / peer / 1e9,
            peer / ours.median(),
            layer.peerDescription().orElse(""));
      }
    }
    layer.close();
    oneDnn.close();
    kernels.close();
  }
}
