package org.vesalius.cli;

import org.jspecify.annotations.Nullable;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.runtime.SamplingOptions;
import picocli.CommandLine.Option;

/** The options that say how tokens are chosen. */
final class SamplingArguments {
  /** What transformers samples with where generation_config.json says do_sample and not how. */
  private static final double USUAL_TEMPERATURE = 1;

  private static final int USUAL_TOP_K = 50;

  @Option(
      names = "--recommended-sampling",
      description = "Start from the checkpoint's generation_config.json instead of greedy.")
  private boolean recommended;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      description = "Divides the logits; 0 is greedy (default: 0).")
  private @Nullable Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Only the N likeliest tokens; 0 for all.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description = "Only the likeliest tokens that make up X together.")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "X",
      description = "Only tokens at least X times as likely as the likeliest.")
  private @Nullable Double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      description = "Makes tokens of prompt and answer less likely; 1 for none.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Subtracted once from tokens of the answer.")
  private @Nullable Double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Subtracted from tokens of the answer for each time.")
  private @Nullable Double frequencyPenalty;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the random numbers, to get the same answer again.")
  private @Nullable Long seed;

  /** Whether the checkpoint's recommendation is wanted. */
  boolean wantsRecommended() {
    return recommended;
  }

  /**
   * The sampling.
   *
   * @param makers what the checkpoint recommends
   * @throws IllegalArgumentException if a value is out of its range
   */
  SamplingOptions options(GenerationConfig makers) {
    SamplingOptions options = recommended ? recommended(makers) : SamplingOptions.greedy();
    options = temperature == null ? options : options.withTemperature(temperature);
    options = topK == null ? options : options.withTopK(topK);
    options = topP == null ? options : options.withTopP(topP);
    options = minP == null ? options : options.withMinP(minP);
    options =
        repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
    options = presencePenalty == null ? options : options.withPresencePenalty(presencePenalty);
    options = frequencyPenalty == null ? options : options.withFrequencyPenalty(frequencyPenalty);
    return seed == null ? options : options.withSeed(seed);
  }

  private static SamplingOptions recommended(GenerationConfig makers) {
    SamplingOptions penalized =
        SamplingOptions.greedy()
            .withRepetitionPenalty(makers.repetitionPenalty().orElse(1))
            .withPresencePenalty(makers.presencePenalty().orElse(0));
    return makers.doSample()
        ? penalized
            .withTemperature(makers.temperature().orElse(USUAL_TEMPERATURE))
            .withTopK(makers.topK().orElse(USUAL_TOP_K))
            .withTopP(makers.topP().orElse(1))
            .withMinP(makers.minP().orElse(0))
        : penalized;
  }
}
