package org.vesalius.bench;

import java.util.List;
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
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.OpenOptions;

/**
 * Latency of one generated token after a prompt, of one request and of several at a time, on a
 * random model with the shapes of a real one; sample time, so that percentiles are shown ({@code
 * p0.50} and {@code p0.99}).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class PerTokenLatencyBenchmark {
  @Param({"native", "simd", "reference"})
  public String backend = "native";

  /** {@code demo} for the embedded model, else a name of published shapes. */
  @Param({"qwen2.5-0.5b"})
  public String model = "";

  /** Tokens before the generated one. */
  @Param({"64"})
  public int context;

  @Param({"2"})
  public int threads;

  /** Requests that generate at the same time; a step gives each of them a token. */
  @Param({"1", "8"})
  public int requests;

  private final StepLog steps = new StepLog();
  private BenchModel bench;
  private Decoding decoding;
  private int left;

  /** Opens the model. */
  @Setup
  public void open() {
    bench =
        new BenchModel(
            model,
            OpenOptions.defaults()
                .withBackend(backend)
                .withThreads(threads)
                .withCapacity(new Capacity(requests, requests, 0))
                .withObserver(steps));
    decoding = new Decoding(bench.model());
  }

  /** Starts over when the context has grown by a half, so that it stays what it is called. */
  @Setup(Level.Invocation)
  public void keepContext() throws InterruptedException {
    if (left == 0) {
      List<Generation> unused = decoding.finish();
      steps.begin(requests);
      int tokens = context / 2 + requests * Math.ceilDiv(context, bench.model().engine().chunk());
      for (int i = 0; i < requests; i++) {
        decoding.start(decoding.randomTokens(context), tokens, request -> request);
      }
      steps.await();
      left = Math.max(1, context / 2 - 2); // what comes before all of them generate is left out
    }
    left--;
  }

  /** One token of each request. */
  @Benchmark
  public void token() throws InterruptedException {
    steps.await();
  }

  /** Closes the model. */
  @TearDown
  public void close() {
    decoding.close();
    bench.close();
  }
}
