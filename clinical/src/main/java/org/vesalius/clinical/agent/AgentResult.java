package org.vesalius.clinical.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vesalius.clinical.trace.AnswerSource;
import org.vesalius.clinical.trace.TraceEntry;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;

/**
 * How a run ended.
 *
 * @param answer the final text; empty where there is none
 * @param source where it comes from
 * @param reason why the run ended
 * @param turns of the model
 * @param generation the turn that wrote the answer; empty where none did
 * @param calls how often each tool was called
 * @param images of the run, by index
 * @param notes what a reader should know, a sentence each
 */
public record AgentResult(
    String answer,
    AnswerSource source,
    StopReason reason,
    int turns,
    Optional<Generation> generation,
    Map<String, Integer> calls,
    List<AgentImage> images,
    List<String> notes) {
  /** Copies the lists. */
  public AgentResult {
    calls = Map.copyOf(calls);
    images = List.copyOf(images);
    notes = List.copyOf(notes);
  }

  /** A text that no run of the agent wrote, to be looked at as if one had. */
  public static AgentResult given(String text, List<AgentImage> images) {
    return new AgentResult(
        text,
        AnswerSource.NONE,
        StopReason.ANSWERED,
        0,
        Optional.empty(),
        Map.of(),
        images,
        List.of("The text was given and not written by the model."));
  }

  /** With another of the model's answers to the same task. */
  public AgentResult withAnswer(Generation other, String note) {
    List<String> all = new ArrayList<>(notes);
    all.add(note);
    return new AgentResult(
        other.text().strip(),
        AnswerSource.MODEL,
        other.finishReason() == FinishReason.LENGTH ? StopReason.LENGTH : StopReason.ANSWERED,
        turns,
        Optional.of(other),
        calls,
        images,
        all);
  }

  /** As the last entry of a trace. */
  public TraceEntry.Outcome outcome(double millis) {
    return new TraceEntry.Outcome(answer, source, reason.word(), turns, calls, millis, notes);
  }
}
