package org.vesalius.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.vesalius.kernels.Roofline;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.ModelWork;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Generator;
import org.vesalius.runtime.layers.LayerObserver;

/**
 * Runs a model on random input and takes the time. The model must keep nothing of earlier requests
 * ({@link org.vesalius.runtime.Capacity#withPrefixTokens}), since runs repeat their input.
 */
final class ModelRuns {
  private static final long SEED = 20_240_229;
  private static final int RUNS = 3;
  private static final long LONG_ENOUGH_NANOS = 20_000_000_000L;
  private static final long WARM_NANOS = 2_000_000_000L;
  private static final int WARM_PROMPT = 64;
  private static final int WARM_DECODE = 8;
  private static final int SHORT_PROMPT = 16;

  private final ChatModel model;
  private final ModelWork work;
  private final Generator generator;
  private final Progress progress;
  private final Cancellation interrupt;
  private final Supplier<Roofline> limits;
  private final List<Roofline> measured = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(SEED);

  /**
   * Takes the time of this model.
   *
   * @param limits measures what the machine can do, between the runs: memory that is shared gives
   *     half as much a minute later
   */
  ModelRuns(
      ChatModel model,
      ModelWork work,
      Progress progress,
      Cancellation interrupt,
      Supplier<Roofline> limits) {
    this.model = model;
    this.work = work;
    // Without end tokens, so that an answer has the wanted length.
    generator = model.generator().withoutEndTokens();
    this.progress = progress;
    this.interrupt = interrupt;
    this.limits = limits;
  }

  /** What the machine could do in the mean of all times that were asked, at least once. */
  Roofline machine() {
    return new Roofline(mean(Roofline::readBandwidth), mean(Roofline::matrixRate));
  }

  private double mean(ToDoubleFunction<Roofline> limit) {
    return measured.stream().mapToDouble(limit).average().orElseThrow();
  }

  /** Ends the measurement because the user wants it. */
  static final class InterruptedRun extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * What it took to come to a first token, in a JVM that had compiled nothing of it yet.
   *
   * @param openSeconds for opening the model
   * @param firstTokenSeconds from there to the first token
   */
  record Load(double openSeconds, double firstTokenSeconds, int promptTokens) {
    double seconds() {
      return openSeconds + firstTokenSeconds;
    }
  }

  /**
   * What the vision encoder took.
   *
   * @param seconds for one picture, median
   * @param operations of it
   */
  record Vision(
      int width, int height, int imageTokens, double seconds, double operations, int runs) {}

  /**
   * What the decoder took.
   *
   * @param prefillSeconds median
   * @param decodeSeconds of each generated token but the first of each run, ascending
   * @param bytesPerToken that a token in the middle of the answer reads
   */
  record Text(
      int promptTokens,
      int decodeTokens,
      double prefillSeconds,
      double prefillOperations,
      List<Double> decodeSeconds,
      long bytesPerToken,
      int runs) {

    /** Seconds that at most the share {@code p} of the tokens took. */
    double percentile(double p) {
      int index = (int) Math.ceil(p * decodeSeconds.size()) - 1;
      return decodeSeconds.get(Math.clamp(index, 0, decodeSeconds.size() - 1));
    }

    double secondsPerToken() {
      return decodeSeconds.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }
  }

  /** The first run of a model that has just been opened. */
  Load load(double openSeconds) {
    progress.begin("First token");
    EncodedPrompt prompt = tokens(SHORT_PROMPT);
    long start = System.nanoTime();
    generate(prompt, 1);
    return new Load(openSeconds, (System.nanoTime() - start) / 1e9, SHORT_PROMPT);
  }

  Vision vision(int width, int height) {
    EncodedPrompt prompt =
        model
            .promptEncoder()
            .encode(ChatRequest.builder().user(picture(width, height), Part.text("?")).build());
    progress.begin("Warm-up");
    warm(() -> encode(prompt));
    progress.begin("Vision", RUNS);
    List<Double> seconds = repeat(() -> encode(prompt));
    return new Vision(
        width,
        height,
        prompt.imageTokens(),
        median(seconds),
        prompt.images().stream().mapToDouble(work::visionOperations).sum(),
        seconds.size());
  }

  /** Only the encoder: the request ends before its prompt is read. */
  private double encode(EncodedPrompt prompt) {
    Cancellation afterVision = new Cancellation();
    ChatRequest request =
        ChatRequest.builder().user("").maxTokens(1).cancellation(afterVision).build();
    Generation generation =
        generator.generate(
            request,
            prompt,
            System.nanoTime(),
            event -> {
              if (event instanceof GenerationEvent.VisionProgress) {
                afterVision.cancel();
              }
            },
            LayerObserver.NONE);
    checkInterrupt();
    return generation.timings().visionNanos() / 1e9;
  }

  Text text(int promptTokens, int decodeTokens) {
    progress.begin("Warm-up");
    EncodedPrompt shortPrompt = tokens(Math.min(promptTokens, WARM_PROMPT));
    warm(() -> generate(shortPrompt, Math.min(decodeTokens, WARM_DECODE)).prefillSeconds());
    progress.begin("Text", RUNS);
    EncodedPrompt prompt = tokens(promptTokens);
    List<Double> decode = new ArrayList<>();
    measured.add(limits.get());
    List<Double> prefill =
        repeat(() -> {
          TextRun run = generate(prompt, decodeTokens);
          decode.addAll(run.decodeSeconds());
          measured.add(limits.get());
          return run.prefillSeconds();
        });
    decode.sort(null);
    return new Text(
        promptTokens,
        decodeTokens,
        median(prefill),
        work.prefillOperations(promptTokens),
        decode,
        work.decodeBytes(promptTokens + decodeTokens / 2),
        prefill.size());
  }

  /** Tokens that come after {@code context} others; one run, because reading those takes long. */
  Text after(int context, int decodeTokens) {
    progress.begin("Context");
    TextRun run = generate(tokens(context), decodeTokens);
    measured.add(limits.get());
    return new Text(
        context,
        decodeTokens,
        run.prefillSeconds(),
        work.prefillOperations(context),
        run.decodeSeconds().stream().sorted().toList(),
        work.decodeBytes(context + decodeTokens / 2),
        1);
  }

  private record TextRun(double prefillSeconds, List<Double> decodeSeconds) {}

  private TextRun generate(EncodedPrompt prompt, int tokens) {
    ChatRequest request =
        ChatRequest.builder().user("").maxTokens(tokens).cancellation(interrupt).build();
    List<Double> decode = new ArrayList<>();
    long[] last = {0};
    Generation generation =
        generator.generate(
            request,
            prompt,
            System.nanoTime(),
            event -> {
              if (event instanceof GenerationEvent.Token) {
                long now = System.nanoTime();
                if (last[0] != 0) {
                  decode.add((now - last[0]) / 1e9);
                }
                last[0] = now;
              }
            },
            LayerObserver.NONE);
    if (generation.finishReason() == FinishReason.CANCELLED) {
      throw new InterruptedRun();
    }
    if (generation.usage().cachedTokens() > 0) {
      throw new IllegalStateException(
          "a prompt that was to be measured had been computed before; open the model with no"
              + " prefix tokens");
    }
    return new TextRun(generation.timings().prefillNanos() / 1e9, decode);
  }

  private void checkInterrupt() {
    if (interrupt.isCancelled()) {
      throw new InterruptedRun();
    }
  }

  /** Once at least; small models again until the JIT has seen enough. */
  private static void warm(Supplier<Double> run) {
    long begin = System.nanoTime();
    do {
      double unused = run.get();
    } while (System.nanoTime() - begin < WARM_NANOS);
  }

  private List<Double> repeat(Supplier<Double> run) {
    long begin = System.nanoTime();
    List<Double> seconds = new ArrayList<>();
    do {
      seconds.add(run.get());
      progress.stepTo(seconds.size());
    } while (seconds.size() < RUNS && System.nanoTime() - begin < LONG_ENOUGH_NANOS);
    return seconds;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private EncodedPrompt tokens(int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, _ -> random.nextInt(model.tokenizer().size()));
    return EncodedPrompt.ofTokens(ids, model.parts().positions());
  }

  private Part picture(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("a random picture cannot be written as PNG", e);
    }
    return new Part.Image(bytes.toByteArray(), "random picture");
  }
}
