package org.vesalius.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
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
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.LayerObserver;

/** Time to the first token of a picture and a question, stage by stage. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 5,
    jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
@SuppressWarnings("NullAway.Init") // set up by JMH
public class FirstTokenBenchmark {
  @Param({"simd", "reference"})
  public String backend = "simd";

  /** Side of the square picture in pixels. */
  @Param({"168"})
  public int side;

  private BenchModel bench;
  private ChatRequest request;
  private EncodedPrompt prompt;
  private float[] logits;
  private StepResult result;

  /** Opens the model and draws the picture. */
  @Setup
  public void open() {
    bench = new BenchModel(backend);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(BenchModel.noise(side), "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    request =
        ChatRequest.builder()
            .user(new Part.Image(png.toByteArray(), "noise"), Part.text("Write a report."))
            .maxTokens(1)
            .build();
    prompt = bench.model().promptEncoder().encode(request);
    logits = new float[bench.model().config().vocabulary()];
    result = StepResult.logits(logits);
  }

  /** Template, tokens, decoding and resizing of the picture. */
  @Benchmark
  public EncodedPrompt preprocess() {
    return bench.model().promptEncoder().encode(request);
  }

  /** The vision tower. */
  @Benchmark
  public int vision() {
    var engine = bench.model().engine();
    var encoder = bench.model().parts().images().orElseThrow().encoder();
    try (var out = engine.borrowEmbeddings(prompt.imageTokens())) {
      engine.encode(out.tensor(), prompt.images().getFirst(), encoder, LayerObserver.NONE);
      return out.tensor().rows();
    }
  }

  /** The decoder over the whole prompt. */
  @Benchmark
  public float prefill() {
    var engine = bench.model().engine();
    try (var sequence = engine.newSequence();
        var rows = engine.borrowEmbeddings(prompt.imageTokens())) {
      for (int from = 0; from < prompt.ids().length; from += engine.chunk()) {
        int to = Math.min(prompt.ids().length, from + engine.chunk());
        engine.feed(sequence, prompt, rows.tensor(), from, to, result, LayerObserver.NONE);
      }
      return logits[0];
    }
  }

  /** All of it. */
  @Benchmark
  public int all() {
    return bench.model().generate(request).tokenIds().getFirst();
  }

  /** Closes the model. */
  @TearDown
  public void close() {
    bench.close();
  }
}
