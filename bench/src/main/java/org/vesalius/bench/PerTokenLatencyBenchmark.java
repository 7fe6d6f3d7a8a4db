package org.vesalius.bench;

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
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;

/**
 * Latency of one generated token after a prompt, on a random model with the shapes of a real one;
 * sample time, so that percentiles are shown ({@code p0.50} and {@code p0.99}).
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

  private BenchModel bench;
  private EncodedPrompt prompt;
  private float[] logits;
  private StepResult result;
  private CachedSequence sequence;

  /** Opens the model. */
  @Setup
  public void open() {
    OpenOptions options = OpenOptions.defaults().withBackend(backend).withThreads(threads);
    bench = new BenchModel(model, options);
    prompt = bench.prompt(context);
    logits = new float[bench.model().config().vocabulary()];
    result = StepResult.logits(logits);
    prefill();
  }

  private void prefill() {
    var engine = bench.model().engine();
    sequence = engine.newSequence();
    for (int from = 0; from < context; from += engine.chunk()) {
      int to = Math.min(context, from + engine.chunk());
      try (var none = engine.borrowEmbeddings(0)) {
        engine.feed(sequence, prompt, none.tensor(), from, to, result, LayerObserver.NONE);
      }
    }
  }

  /** Starts over when the context has grown by a half, so that it stays what it is called. */
  @Setup(Level.Invocation)
  public void keepContext() {
    if (sequence.length() > context + context / 2) {
      sequence.close();
      prefill();
    }
  }

  /** One token. */
  @Benchmark
  public float token() {
    bench.model().engine().decode(sequence, 7, sequence.length(), result, LayerObserver.NONE);
    return logits[0];
  }

  /** Closes the model. */
  @TearDown
  public void close() {
    sequence.close();
    bench.close();
  }
}
