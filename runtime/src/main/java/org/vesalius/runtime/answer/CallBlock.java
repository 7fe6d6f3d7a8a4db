package org.vesalius.runtime.answer;

import java.util.List;

/** A stretch of text that holds calls, from its opening mark on, while it grows. */
interface CallBlock {
  /** More text is needed. */
  int MORE = -1;

  /** This is no block of calls. */
  int NONE = -2;

  /**
   * Looks for the end. Called again whenever there is more text; looks at each character once.
   *
   * @param text begins with the block
   * @return the index after the block, or {@link #MORE}, or {@link #NONE}
   */
  int end(TextBuffer text);

  /**
   * The calls in it; none if it turns out to be ordinary text.
   *
   * @param raw the whole block
   * @param ended whether its end was found; otherwise the answer ended before
   */
  List<ToolCall> calls(String raw, boolean ended);
}
