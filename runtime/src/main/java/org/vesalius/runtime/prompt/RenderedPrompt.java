package org.vesalius.runtime.prompt;

import java.util.ArrayList;
import java.util.List;

/**
 * A rendered conversation.
 *
 * @param text the prompt, before image placeholders are expanded
 * @param literal the places in {@code text} that look like control tokens but were, in part or as a
 *     whole, written by a message and not by the template: the tokenizer must read them as plain
 *     text. In ascending order, not touching each other; every such occurrence lies wholly inside
 *     one range. Empty for nearly every conversation.
 */
public record RenderedPrompt(String text, List<TextRange> literal) {
  /** Takes a copy of the list. */
  public RenderedPrompt {
    literal = List.copyOf(literal);
  }

  /** The piece between two places of the text. */
  public RenderedPrompt part(int from, int to) {
    List<TextRange> inside = new ArrayList<>();
    for (TextRange range : literal) {
      int start = Math.max(range.start(), from);
      int end = Math.min(range.end(), to);
      if (start < end) {
        inside.add(new TextRange(start - from, end - from));
      }
    }
    return new RenderedPrompt(text.substring(from, to), inside);
  }
}
