package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.answer.ReasoningWatch;
import org.vesalius.tokenizer.StreamingDecoder;
import org.vesalius.tokenizer.Tokenizer;

/**
 * Ends a model's reasoning when its budget is used up: then the tokens have to come that close the
 * block, as the model's own template writes it. One per answer, not thread-safe.
 *
 * <p>Tokens between the marks count, neither the marks nor what is forced. With a budget of 0 a
 * block that begins is closed at once, which leaves the empty block that Qwen3 is trained to answer
 * after; no token is forbidden for that, because a mark may be several tokens, which answers need
 * too. A closing mark that has begun is waited for. Marks are looked for in the text, so it does
 * not matter how many tokens they are.
 */
final class ReasoningBudget {
  /** The next token is the model's own choice. */
  static final int FREE = -1;

  /** Tokens after which a character is complete that has begun: it has at most four bytes. */
  private static final int LONGEST_WAIT = 3;

  private static final int[] NOTHING = {};

  private final Tokenizer tokenizer;
  private final ReasoningTemplate template;
  private final int budget;
  private final StreamingDecoder decoder;
  private final ReasoningWatch watch;
  private int inside;

  /** All tokens so far, for a look at where the last character ends. */
  private final List<Integer> written = new ArrayList<>();

  private int waited;
  private int[] closing = NOTHING;
  private int closed;
  private boolean over;

  /**
   * A budget.
   *
   * @param format how the family marks reasoning
   * @param prompt says whether it ends inside a block
   * @param budget in tokens; empty for no limit
   */
  ReasoningBudget(
      Tokenizer tokenizer,
      AnswerFormat format,
      ReasoningTemplate template,
      EncodedPrompt prompt,
      OptionalInt budget) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.budget = budget.orElse(Integer.MAX_VALUE);
    over = budget.isEmpty() || format.reasoning().isEmpty();
    Set<Integer> marks = new HashSet<>();
    for (ReasoningFormat reasoning : format.reasoning()) {
      tokenizer.id(reasoning.open()).ifPresent(marks::add);
      tokenizer.id(reasoning.close()).ifPresent(marks::add);
    }
    decoder = tokenizer.streamingDecoder(true, marks);
    watch = new ReasoningWatch(format.reasoning(), prompt.openReasoning());
    if (!over) {
      // The prompt has written what stands behind the mark.
      prompt.openReasoning().ifPresent(reasoning -> close(reasoning, ""));
    }
  }

  private void close(ReasoningFormat reasoning, String lead) {
    if (inside >= budget && !watch.mayClose() && !waitsForCharacter()) {
      closing = tokenizer.encode(lead + template.around(reasoning).ending());
    }
  }

  private boolean waitsForCharacter() {
    int[] ids = written.stream().mapToInt(Integer::intValue).toArray();
    return tokenizer.decode(ids, true).endsWith("\uFFFD") && waited++ < LONGEST_WAIT;
  }

  /** The token that has to come next, or {@link #FREE}; the same until {@link #add}. */
  int forced() {
    return closed < closing.length ? closing[closed] : FREE;
  }

  /**
   * Takes the next token of the answer, forced or not.
   *
   * @throws IllegalArgumentException if it is not the one that had to come
   */
  void add(int id) {
    if (over) {
      return;
    }
    if (closing.length > 0) {
      if (id != closing[closed]) {
        throw new IllegalArgumentException(
            "expected the token " + closing[closed] + ", which closes reasoning, found " + id);
      }
      closed++;
      over = closed == closing.length;
      return;
    }
    boolean before = watch.open().isPresent();
    watch.append(decoder.append(id));
    written.add(id);
    if (watch.answers()) {
      over = true;
      return;
    }
    watch
        .open()
        .ifPresent(reasoning -> {
          inside += before ? 1 : 0;
          close(reasoning, inside == 0 ? template.around(reasoning).lead() : "");
        });
  }
}
