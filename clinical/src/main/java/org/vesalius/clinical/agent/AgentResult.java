package org.vesalius.clinical.agent;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.vesalius.clinical.trace.AnswerSource;
import org.vesalius.clinical.trace.TraceEntry;

/**
 * How a run ended.
 *
 * @param answer the final text; empty where there is none
 * @param source where it comes from
 * @param reason why the run ended
 * @param turns of the model
 * @param answerTurn index in the trace of the turn that wrote the answer; empty where none did
 * @param calls how often each tool was called
 * @param images of the run, by index
 * @param notes what a reader should know, a sentence each
 */
public record AgentResult(
    String answer,
    AnswerSource source,
    StopReason reason,
    int turns,
    OptionalInt answerTurn,
    Map<String, Integer> calls,
    List<AgentImage> images,
    List<String> notes) {
  /** Copies the lists. */
  public AgentResult {
    calls = Map.copyOf(calls);
    images = List.copyOf(images);
    notes = List.copyOf(notes);
  }

  /** As the last entry of a trace. */
  public TraceEntry.Outcome outcome(double millis) {
    return new TraceEntry.Outcome(answer, source, reason.word(), turns, calls, millis, notes);
  }
}
