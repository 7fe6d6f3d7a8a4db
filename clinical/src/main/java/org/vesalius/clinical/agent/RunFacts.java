package org.vesalius.clinical.agent;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.clinical.trace.TracedModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ModelFingerprint;
import org.vesalius.runtime.SamplingOptions;

/**
 * What a trace says of model and machine.
 *
 * @param model who was asked
 * @param backend what computes
 */
public record RunFacts(TracedModel model, String backend) {

  /**
   * Of a loaded model; reads all its files, some seconds for a large one.
   *
   * @param directory as the caller names it
   * @param weightFormat what weights were rounded to on opening; {@code as stored} for none
   */
  public static RunFacts of(ChatModel model, String directory, String weightFormat) {
    ModelFingerprint fingerprint = model.fingerprint();
    return new RunFacts(
        new TracedModel(
            directory,
            model.family(),
            fingerprint.weightsSha256(),
            fingerprint.configSha256(),
            fingerprint.tokenizerSha256(),
            fingerprint.templateSha256(),
            model.cacheFormat().name(),
            weightFormat),
        model.backend());
  }

  /** The first entry of a trace. */
  public TraceEntry.Run run(
      Instant startedAt,
      Map<String, @Nullable Object> task,
      List<Map<String, Object>> tools,
      AgentLimits limits,
      SamplingOptions sampling) {
    return new TraceEntry.Run(
        UUID.randomUUID().toString(),
        startedAt,
        task,
        model,
        tools,
        limits.facts(),
        facts(sampling),
        "Vesalius "
            + Optional.ofNullable(RunFacts.class.getPackage().getImplementationVersion())
                .orElse("in development"),
        "Java %s on %s %s"
            .formatted(
                System.getProperty("java.version"),
                System.getProperty("os.name"),
                System.getProperty("os.arch")),
        backend);
  }

  private static Map<String, @Nullable Object> facts(SamplingOptions sampling) {
    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
    facts.put("temperature", sampling.temperature());
    facts.put("top_k", sampling.topK());
    facts.put("top_p", sampling.topP());
    facts.put("min_p", sampling.minP());
    facts.put("seed", sampling.seed().isPresent() ? sampling.seed().getAsLong() : null);
    return facts;
  }
}
