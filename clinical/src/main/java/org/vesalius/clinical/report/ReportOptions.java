package org.vesalius.clinical.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentLimits;

/**
 * How a report is written and how sure its second look has to be.
 *
 * @param supported probability from which a statement counts as supported
 * @param unsupported probability up to which it counts as unsupported; between the two the report
 *     abstains from it
 * @param abstainShare share of sentences that are not supported, of those that were looked at, from
 *     which the report as a whole abstains
 * @param samples further reports that the model writes to see whether it agrees with itself; 0 for
 *     none
 * @param temperature at which they are written
 * @param agreement share of the samples that have to say the same of a finding, else the report
 *     abstains from it
 * @param confidence mean probability of the tokens of a sentence, geometric, below which the report
 *     abstains from it: the model was guessing its words
 * @param seed of the samples
 * @param keepPictures whether the trace holds the pictures themselves
 * @param showBurnedIn whether it holds those too in which text is to be expected that may name the
 *     patient
 * @param limits of the agent that writes it
 */
public record ReportOptions(
    double supported,
    double unsupported,
    double abstainShare,
    int samples,
    double temperature,
    double agreement,
    double confidence,
    long seed,
    boolean keepPictures,
    boolean showBurnedIn,
    AgentLimits limits) {
  private static final int MOST_SAMPLES = 32;

  /** Checks the ranges. */
  public ReportOptions {
    if (!(unsupported >= 0 && unsupported <= supported && supported <= 1)) {
      throw new IllegalArgumentException(
          "thresholds: expected 0 to 1 in this order, found unsupported %s, supported %s"
              .formatted(unsupported, supported));
    }
    if (samples < 0 || samples > MOST_SAMPLES) {
      throw new IllegalArgumentException(
          "samples: expected 0 to %d, found %d".formatted(MOST_SAMPLES, samples));
    }
    if (!(abstainShare > 0 && agreement >= 0 && agreement <= 1 && temperature > 0)) {
      throw new IllegalArgumentException(
          "report: expected a share and a temperature above 0 and an agreement of 0 to 1, found"
              + " %s, %s and %s".formatted(abstainShare, temperature, agreement));
    }
    if (!(confidence >= 0 && confidence <= 1)) {
      throw new IllegalArgumentException("confidence: expected 0 to 1, found " + confidence);
    }
  }

  /**
   * From 0.6 supported, up to 0.4 not; abstains from a sentence whose tokens had less than 0.5 on
   * average, and from a whole report where half of it does not hold; no samples.
   */
  public static ReportOptions defaults() {
    return new ReportOptions(
        0.6, 0.4, 0.5, 0, 0.7, 0.5, 0.5, 0, true, false, AgentLimits.defaults());
  }

  /** With samples. */
  public ReportOptions withSamples(int count, long randomSeed) {
    return with(count, confidence, randomSeed, keepPictures, showBurnedIn);
  }

  /** With or without the pictures in the trace. */
  public ReportOptions withPictures(boolean keep) {
    return with(samples, confidence, seed, keep, showBurnedIn);
  }

  /** With another mean probability of tokens below which a sentence is none to rely on. */
  public ReportOptions withConfidence(double least) {
    return with(samples, least, seed, keepPictures, showBurnedIn);
  }

  /** With or without pictures in which text is to be expected that may name the patient. */
  public ReportOptions withBurnedIn(boolean show) {
    return with(samples, confidence, seed, keepPictures, show);
  }

  private ReportOptions with(int count, double least, long randomSeed, boolean keep, boolean show) {
    return new ReportOptions(
        supported,
        unsupported,
        abstainShare,
        count,
        temperature,
        agreement,
        least,
        randomSeed,
        keep,
        show,
        limits);
  }

  /** As a trace keeps them. */
  Map<String, @Nullable Object> facts() {
    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
    facts.put("supported", supported);
    facts.put("unsupported", unsupported);
    facts.put("abstain_share", abstainShare);
    facts.put("samples", samples);
    facts.put("temperature", temperature);
    facts.put("agreement", agreement);
    facts.put("confidence", confidence);
    facts.put("seed", seed);
    facts.put("keep_pictures", keepPictures);
    if (showBurnedIn) { // so that tasks of older traces are the same
      facts.put("show_burned_in", true);
    }
    return facts;
  }

  /** What became of a statement of this probability. */
  Sentence.Verdict verdict(double probability) {
    return probability >= supported
        ? Sentence.Verdict.SUPPORTED
        : probability <= unsupported ? Sentence.Verdict.UNSUPPORTED : Sentence.Verdict.UNCERTAIN;
  }
}
