package org.vesalius.runtime.answer;

import java.util.List;
import java.util.Optional;

/**
 * Says whether a growing text is inside a reasoning block, by the rules of {@link AnswerParser}.
 * One per answer, not thread-safe.
 */
public final class ReasoningWatch {
  private static final ReasoningSplitter.Sink NOBODY =
      new ReasoningSplitter.Sink() {
        @Override
        public void reasoning(String text) {}

        @Override
        public void answer(String text) {}
      };

  private final ReasoningSplitter splitter;

  /**
   * A watch.
   *
   * @param opened the reasoning block that the prompt ends in, if it does
   */
  public ReasoningWatch(List<ReasoningFormat> formats, Optional<ReasoningFormat> opened) {
    splitter = new ReasoningSplitter(formats, opened, NOBODY);
  }

  /** Takes the next piece of text. */
  public void append(String piece) {
    splitter.append(piece);
  }

  /** The block that the text is inside of, if it is. */
  public Optional<ReasoningFormat> open() {
    return Optional.ofNullable(splitter.inside());
  }

  /** Whether the text is inside a block and ends in what may become the closing mark. */
  public boolean mayClose() {
    return splitter.mayClose();
  }

  /** Whether the answer has begun, so that no block can come any more. */
  public boolean answers() {
    return splitter.answers();
  }
}
