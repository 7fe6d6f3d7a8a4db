package org.vesalius.clinical.agent;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How far a run may go. The defaults of turns, window and retries are those of DeepMed (arXiv
 * 2601.18496).
 *
 * @param turns answers of the model in which it may call tools; one more may follow without
 * @param turnTokens tokens of one answer; empty for what the context leaves, at most {@link
 *     org.vesalius.runtime.ChatRequest#DEFAULT_MAX_TOKENS}
 * @param callsPerTurn calls of one answer that are carried out
 * @param repeatedCalls how often the same call may come in a run; with the next one it ends
 * @param stableAnswers after how many turns with the same answer a run ends, though the model goes
 *     on to call tools
 * @param retries how often a turn is tried again that the model was too busy for
 * @param retryDelay before the first of these; doubled for each further one
 * @param toolTime for one call of a tool
 * @param runTime for the whole run; empty for as long as it takes
 * @param resultCharacters of a result that the model is told
 * @param resultImages pictures of one result
 * @param images pictures of a run, those of the request included, up to which tools may add some
 */
public record AgentLimits(
    int turns,
    OptionalInt turnTokens,
    int callsPerTurn,
    int repeatedCalls,
    int stableAnswers,
    int retries,
    Duration retryDelay,
    Duration toolTime,
    Optional<Duration> runTime,
    int resultCharacters,
    int resultImages,
    int images) {

  /** Checks the ranges. */
  public AgentLimits {
    positive("turns", turns);
    turnTokens.ifPresent(tokens -> positive("tokens of a turn", tokens));
    positive("calls of a turn", callsPerTurn);
    positive("repeated calls", repeatedCalls);
    positive("stable answers", stableAnswers);
    positive("characters of a result", resultCharacters);
    if (retries < 0 || resultImages < 0 || images < 0) {
      throw new IllegalArgumentException(
          "limits: expected at least 0 retries and images, found %d, %d and %d"
              .formatted(retries, resultImages, images));
    }
    if (toolTime.isNegative() || toolTime.isZero() || retryDelay.isNegative()) {
      throw new IllegalArgumentException(
          "limits: expected a time for tools and no negative delay, found %s and %s"
              .formatted(toolTime, retryDelay));
    }
  }

  private static void positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "limits: %s: expected at least 1, found %d".formatted(what, value));
    }
  }

  /** 30 turns, a minute for a tool, 16,384 characters and 4 pictures of a result. */
  public static AgentLimits defaults() {
    return new AgentLimits(
        30,
        OptionalInt.empty(),
        8,
        3,
        8,
        3,
        Duration.ofMillis(500),
        Duration.ofMinutes(1),
        Optional.empty(),
        16_384,
        4,
        24);
  }

  /** With other turns. */
  public AgentLimits withTurns(int most) {
    return with(most, toolTime, runTime);
  }

  /** With another time for one call of a tool. */
  public AgentLimits withToolTime(Duration most) {
    return with(turns, most, runTime);
  }

  /** With a time for the whole run. */
  public AgentLimits withRunTime(Duration most) {
    return with(turns, toolTime, Optional.of(most));
  }

  private AgentLimits with(int ofTurns, Duration ofTool, Optional<Duration> ofRun) {
    return new AgentLimits(
        ofTurns,
        turnTokens,
        callsPerTurn,
        repeatedCalls,
        stableAnswers,
        retries,
        retryDelay,
        ofTool,
        ofRun,
        resultCharacters,
        resultImages,
        images);
  }

  /** As a trace keeps them. */
  public Map<String, @Nullable Object> facts() {
    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
    facts.put("turns", turns);
    facts.put("turn_tokens", turnTokens.isPresent() ? turnTokens.getAsInt() : null);
    facts.put("calls_per_turn", callsPerTurn);
    facts.put("repeated_calls", repeatedCalls);
    facts.put("stable_answers", stableAnswers);
    facts.put("retries", retries);
    facts.put("retry_seconds", retryDelay.toMillis() / 1e3);
    facts.put("tool_seconds", toolTime.toMillis() / 1e3);
    facts.put("run_seconds", runTime.map(time -> time.toMillis() / 1e3).orElse(null));
    facts.put("result_characters", resultCharacters);
    facts.put("result_images", resultImages);
    facts.put("images", images);
    return facts;
  }
}
