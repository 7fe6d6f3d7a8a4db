package org.vesalius.runtime.answer;

import java.util.List;

/**
 * What a model has written, taken apart.
 *
 * @param text the answer, without reasoning and without proper tool calls
 * @param reasoning what stands between the marks of reasoning, or empty
 * @param reasoningUnclosed whether the model never ended its reasoning, so that there is no answer
 * @param toolCalls calls of tools in order, malformed ones included
 * @param regions places in pictures in the order of the text
 * @param invalidRegions places that mean nothing, in the order of the text
 */
public record ParsedAnswer(
    String text,
    String reasoning,
    boolean reasoningUnclosed,
    List<ToolCall> toolCalls,
    List<Region> regions,
    List<InvalidRegion> invalidRegions) {

  /** Copies the lists. */
  public ParsedAnswer {
    toolCalls = List.copyOf(toolCalls);
    regions = List.copyOf(regions);
    invalidRegions = List.copyOf(invalidRegions);
  }
}
