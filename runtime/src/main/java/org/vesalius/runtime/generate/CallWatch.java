package org.vesalius.runtime.generate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.structured.OutputConstraint;
import org.vesalius.runtime.structured.OutputState;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Sees where a model that may call tools begins to: text is its own affair, but when the mark of a
 * call has been written, what follows has to be one. So free text has the tokens that it has
 * without tools, and arguments parse all the same. One per answer, not thread-safe.
 */
final class CallWatch {
  private static final int MOST_CANDIDATES = 8;

  private final Tokenizer tokenizer;
  private final OutputConstraint calls;
  private final String mark;
  private final List<Candidate> candidates = new ArrayList<>();

  /** Where a call may have begun, and the bytes from there on, a character for each. */
  private record Candidate(OutputState state, StringBuilder text) {}

  /**
   * A watch.
   *
   * @param calls what calls look like, from the mark on
   * @param mark begins one
   */
  CallWatch(Tokenizer tokenizer, OutputConstraint calls, String mark) {
    this.tokenizer = tokenizer;
    this.calls = calls;
    this.mark = new String(mark.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /**
   * Takes the next token of free text.
   *
   * @return where in a call the text is now, or null if it is in none
   */
  @Nullable OutputState add(int id) {
    byte[] bytes = tokenizer.tokenBytes(id);
    if (bytes == null) {
      candidates.clear();
      return null;
    }
    if (candidates.size() < MOST_CANDIDATES) {
      candidates.add(new Candidate(calls.startWithin(), new StringBuilder()));
    }
    candidates.removeIf(candidate -> !candidate.state.allows(id));
    for (Candidate candidate : candidates) {
      candidate.state.accept(id);
      candidate.text.append(new String(bytes, StandardCharsets.ISO_8859_1));
      if (candidate.text.indexOf(mark) >= 0) {
        candidates.clear();
        return candidate.state;
      }
    }
    return null;
  }
}
