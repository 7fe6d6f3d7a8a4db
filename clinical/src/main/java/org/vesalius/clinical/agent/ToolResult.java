package org.vesalius.clinical.agent;

import java.util.List;
import org.vesalius.clinical.trace.SourceQuote;
import org.vesalius.clinical.trace.TracePlace;

/**
 * What a tool answers.
 *
 * @param text for the model; cut where it is longer than the agent allows
 * @param images that the model shall look at next; they get the next indices
 * @param sources passages of documents that the text quotes
 * @param places in pictures that the text is about
 */
public record ToolResult(
    String text, List<AgentImage> images, List<SourceQuote> sources, List<TracePlace> places) {
  /** Copies the lists. */
  public ToolResult {
    images = List.copyOf(images);
    sources = List.copyOf(sources);
    places = List.copyOf(places);
  }

  /** Words alone. */
  public static ToolResult of(String text) {
    return new ToolResult(text, List.of(), List.of(), List.of());
  }

  /** Words with pictures. */
  public static ToolResult of(String text, AgentImage... images) {
    return new ToolResult(text, List.of(images), List.of(), List.of());
  }

  /** Words with the passages that they quote. */
  public static ToolResult quoting(String text, List<SourceQuote> sources) {
    return new ToolResult(text, List.of(), sources, List.of());
  }
}
