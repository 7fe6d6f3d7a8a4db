package org.vesalius.clinical.agent;

import java.util.List;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TraceEntry.Result.Status;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.answer.ToolCall;

/**
 * What became of a call.
 *
 * @param id pairs call and result
 * @param call as the model wrote it
 * @param status how it ended
 * @param text for the model, cut
 * @param characters before it was cut
 * @param sha256 of the whole text
 * @param images that came with it
 * @param sources that the text quotes
 * @param places that it is about
 */
record ToolOutcome(
    String id,
    ToolCall call,
    Status status,
    String text,
    long characters,
    String sha256,
    List<AgentImage> images,
    List<SourceQuote> sources,
    List<TracePlace> places) {

  static ToolOutcome refused(String id, ToolCall call, String problem) {
    return failed(id, call, Status.REFUSED, problem);
  }

  static ToolOutcome failed(String id, ToolCall call, Status status, String problem) {
    String text = "error: " + problem;
    return new ToolOutcome(
        id,
        call,
        status,
        text,
        text.length(),
        Digests.sha256(text),
        List.of(),
        List.of(),
        List.of());
  }
}
