package org.vesalius.runtime.structured;

import java.util.List;
import java.util.Map;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;

/**
 * What an answer has to look like, as masks over the tokens of a model. Compiled once for a format
 * and a vocabulary, and worth keeping: it remembers the masks that it has worked out. Safe for many
 * threads; what it remembers is bounded.
 *
 * <p>For each answer {@link #start} gives a state; its {@link OutputState#mask} says which tokens
 * may come, {@link OutputState#accept} takes the one that came. An answer that ends only where
 * {@link OutputState#canEnd} holds is of the format. Some token is always allowed, or the end is.
 */
public final class OutputConstraint {

  /** What stands before the answer. */
  public sealed interface Reasoning {
    /** Nothing: the text begins with the answer. */
    record None() implements Reasoning {}

    /** The model may write a block of reasoning, with its opening mark, or begin to answer. */
    record Possible() implements Reasoning {}

    /** The prompt has opened a block of reasoning: the text begins inside. */
    record Open(ReasoningFormat format) implements Reasoning {}
  }

  private final TokenVocabulary vocabulary;
  private final RuleTable rules;
  private final MaskBuilder masks;
  private final boolean free;
  private Matcher matcher;

  private OutputConstraint(Expression root, boolean free, TokenVocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.free = free;
    rules = RuleTable.of(root, vocabulary);
    if (!rules.isProductive()) {
      throw new UnsupportedFormatException(
          "response format: it allows nothing at all: expected one that some text satisfies");
    }
    masks = new MaskBuilder(rules, vocabulary);
    masks.prepare();
    matcher = new Matcher(rules, vocabulary.symbolCount(), null);
  }

  /**
   * The constraint of a format, without tools and reasoning.
   *
   * @throws UnsupportedFormatException saying which part of the format is not supported, and where
   */
  public static OutputConstraint compile(ResponseFormat format, TokenVocabulary vocabulary) {
    Expression root =
        isText(format) ? new FreeText(vocabulary).anything() : FormatGrammar.of(format, List.of());
    return of(root, isText(format), vocabulary);
  }

  /**
   * The constraint of a request.
   *
   * @param format what the answer looks like where it calls no tool
   * @param tools definitions in OpenAI's form
   * @param choice whether they are called
   * @param answers how the model writes calls and reasoning
   * @param reasoning what stands before the answer; it is free, and ends before the constraint
   *     begins
   * @throws UnsupportedFormatException saying which part of format or tools is not supported
   */
  public static OutputConstraint compile(
      ResponseFormat format,
      List<Map<String, Object>> tools,
      ToolChoice choice,
      AnswerFormat answers,
      Reasoning reasoning,
      TokenVocabulary vocabulary) {
    Expression answer = new AnswerGrammar(answers, vocabulary).answer(format, tools, choice);
    boolean free = isText(format) && tools.isEmpty();
    Expression whole =
        free ? answer : new FreeText(vocabulary).reasoned(answers.reasoning(), reasoning, answer);
    return of(whole, free, vocabulary);
  }

  private static boolean isText(ResponseFormat format) {
    return format instanceof ResponseFormat.Text;
  }

  static OutputConstraint of(Expression root, boolean free, TokenVocabulary vocabulary) {
    return new OutputConstraint(root, free, vocabulary);
  }

  /** Whether it constrains nothing, so that there is no need to use it. */
  public boolean isFree() {
    return free;
  }

  /** The state at the very beginning of what the model writes. */
  public OutputState start() {
    return start(vocabulary.dropsLeadingSpace());
  }

  /**
   * The state at the beginning of an answer before which the model has written something already,
   * such as reasoning.
   */
  public OutputState startWithin() {
    return start(false);
  }

  private OutputState start(boolean hiddenSpace) {
    Matcher current = matcher();
    return new OutputState(this, current, current.start(hiddenSpace));
  }

  /** The matcher in use; a new one where the last has grown too large. */
  synchronized Matcher matcher() {
    if (matcher.isFull()) {
      matcher = new Matcher(rules, vocabulary.symbolCount(), matcher);
    }
    return matcher;
  }

  MaskBuilder masks() {
    return masks;
  }

  TokenVocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public String toString() {
    return rules.toString();
  }
}
