package org.vesalius.runtime.generate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.ToolChoice;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.structured.OutputConstraint;
import org.vesalius.runtime.structured.OutputState;
import org.vesalius.runtime.structured.TokenVocabulary;
import org.vesalius.runtime.structured.UnsupportedFormatException;
import org.vesalius.tokenizer.Tokenizer;

/**
 * What the answers of requests have to look like: their formats and tools, compiled for a model's
 * vocabulary. The most recent ones are kept, with the masks that they have worked out. The
 * vocabulary is read when a request first needs it, which takes about a second for the larger ones.
 * Thread-safe.
 */
final class Constraints {
  private static final System.Logger LOGGER = System.getLogger("org.vesalius.runtime");
  private static final int KEPT = 32;

  private final Tokenizer tokenizer;
  private final AnswerFormat format;
  private @Nullable TokenVocabulary vocabulary;

  private final Map<String, OutputConstraint> compiled =
      new LinkedHashMap<>(KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, OutputConstraint> eldest) {
          return size() > KEPT;
        }
      };

  Constraints(Tokenizer tokenizer, AnswerFormat format) {
    this.tokenizer = tokenizer;
    this.format = format;
  }

  /**
   * Where an answer to a request begins in its format; null where it may be anything.
   *
   * @throws IllegalArgumentException saying what of the format is not supported
   */
  @Nullable OutputState begin(ChatRequest request, EncodedPrompt prompt) {
    if (isText(request)
        && (request.tools().isEmpty() || request.toolChoice() instanceof ToolChoice.Auto)) {
      return null;
    }
    OutputConstraint constraint =
        constraint(request, request.toolChoice(), reasoning(request, prompt));
    return constraint.isFree() ? null : constraint.start();
  }

  private static boolean isText(ChatRequest request) {
    return request.responseFormat() instanceof ResponseFormat.Text;
  }

  /**
   * What sees to it that calls parse where a model may write text or call tools; null where no mark
   * tells a call from text, and where a tool's parameters are described by what is not supported.
   */
  @Nullable CallWatch calls(ChatRequest request) {
    if (!isText(request)
        || request.tools().isEmpty()
        || !(request.toolChoice() instanceof ToolChoice.Auto)) {
      return null;
    }
    String mark =
        switch (format.toolCalls()) {
          case HERMES, SEED_XML, MISTRAL -> format.toolCalls().marks().getFirst();
          case NONE, LLAMA_JSON, GEMMA -> null;
        };
    if (mark == null) {
      return null;
    }
    try {
      OutputConstraint calls =
          constraint(request, ToolChoice.required(), new OutputConstraint.Reasoning.None());
      return new CallWatch(tokenizer, calls, mark);
    } catch (UnsupportedFormatException e) {
      LOGGER.log(
          System.Logger.Level.DEBUG, "calls of tools are not constrained: {0}", e.getMessage());
      return null;
    }
  }

  /**
   * A model whose tokenizer knows the marks was made to reason. Another writes them letter by
   * letter if it does at all, and a format in which its answer does not come easily might drive it
   * there: it may if the request speaks of reasoning.
   */
  private OutputConstraint.Reasoning reasoning(ChatRequest request, EncodedPrompt prompt) {
    if (prompt.openReasoning().isPresent()) {
      return new OutputConstraint.Reasoning.Open(prompt.openReasoning().get());
    }
    boolean made =
        format.reasoning().stream().anyMatch(marks -> tokenizer.id(marks.open()).isPresent());
    boolean wanted = request.reasoningTokens().orElse(made ? 1 : 0) > 0;
    return wanted && !format.reasoning().isEmpty()
        ? new OutputConstraint.Reasoning.Possible()
        : new OutputConstraint.Reasoning.None();
  }

  private synchronized OutputConstraint constraint(
      ChatRequest request, ToolChoice choice, OutputConstraint.Reasoning reasoning) {
    // Texts, because maps that are equal may order their properties differently, and it matters.
    String key = request.responseFormat() + "\n" + request.tools() + choice + reasoning;
    OutputConstraint known = compiled.get(key);
    if (known == null) {
      if (vocabulary == null) {
        vocabulary = TokenVocabulary.of(tokenizer, format.marks());
      }
      known =
          OutputConstraint.compile(
              request.responseFormat(), request.tools(), choice, format, reasoning, vocabulary);
      compiled.put(key, known);
    }
    return known;
  }
}
