package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes apart what a model writes, while it writes: reasoning, answer, tool calls; places in
 * pictures when the text is complete. However the text is cut into pieces, the result is the same.
 * Time and memory are linear in the text, whatever it is; nothing in it throws. One per answer, not
 * thread-safe.
 */
public final class AnswerParser {

  /** Follows the parsing. */
  public interface Listener {
    /** More of the reasoning. */
    default void reasoning(String text) {}

    /** More of the answer. */
    default void text(String text) {}

    /** A call is complete, or known to be malformed. */
    default void toolCall(ToolCall call) {}
  }

  private final AnswerFormat format;
  private final ReasoningSplitter reasoningSplitter;
  private final ToolCallSplitter callSplitter;
  private final HiddenMarks reasoningMarks;
  private final HiddenMarks answerMarks;
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder answer = new StringBuilder();
  private final List<ToolCall> calls = new ArrayList<>();

  /**
   * A parser.
   *
   * @param opened the reasoning block that the prompt ends in, if it does
   * @param tools what the request offers, in OpenAI's form
   * @param hiddenMarks marks of the format that the text has only for this parser, since the
   *     tokenizer calls them special: they are left out of answer and reasoning
   */
  public AnswerParser(
      AnswerFormat format,
      Optional<ReasoningFormat> opened,
      List<Map<String, Object>> tools,
      Collection<String> hiddenMarks,
      Listener listener) {
    this.format = format;
    List<String> hidden = List.copyOf(hiddenMarks);
    reasoningMarks =
        new HiddenMarks(
            hidden,
            text -> {
              reasoning.append(text);
              listener.reasoning(text);
            });
    answerMarks =
        new HiddenMarks(
            hidden,
            text -> {
              answer.append(text);
              listener.text(text);
            });
    callSplitter =
        new ToolCallSplitter(
            CallSyntax.of(format.toolCalls(), new ToolSchemas(tools)),
            format.reasoning(),
            new ToolCallSplitter.Sink() {
              @Override
              public void text(String text) {
                answerMarks.append(text);
              }

              @Override
              public void call(ToolCall call) {
                calls.add(call);
                listener.toolCall(call);
              }
            });
    reasoningSplitter =
        new ReasoningSplitter(
            format.reasoning(),
            opened,
            new ReasoningSplitter.Sink() {
              @Override
              public void reasoning(String text) {
                reasoningMarks.append(text);
              }

              @Override
              public void answer(String text) {
                callSplitter.append(text);
              }
            });
  }

  /** Takes the next piece of text. */
  public void append(String piece) {
    reasoningSplitter.append(piece);
  }

  /**
   * Ends the text.
   *
   * @param pictures the pictures that the model saw, in order
   */
  public ParsedAnswer finish(List<PictureFrame> pictures) {
    boolean unclosed = reasoningSplitter.finish();
    reasoningMarks.finish();
    callSplitter.finish();
    answerMarks.finish();
    RegionReader regions = new RegionReader(format.grounding(), pictures);
    regions.read(answerMarks.marked(), answerMarks.offsets());
    return new ParsedAnswer(
        answer.toString(),
        reasoning.toString(),
        unclosed,
        calls,
        regions.regions(),
        regions.invalid());
  }

  /** Parses a whole text. */
  public static ParsedAnswer parse(
      String text,
      AnswerFormat format,
      List<Map<String, Object>> tools,
      List<PictureFrame> pictures) {
    AnswerParser parser =
        new AnswerParser(format, Optional.empty(), tools, List.of(), new Listener() {});
    parser.append(text);
    return parser.finish(pictures);
  }
}
