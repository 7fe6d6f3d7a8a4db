package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.runtime.prompt.ControlToken;
import org.vesalius.runtime.prompt.RenderedPrompt;
import org.vesalius.runtime.prompt.TextRange;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.tokenizer.AddedTokenFilter;
import org.vesalius.tokenizer.EncodeOptions;
import org.vesalius.tokenizer.Tokenizer;

/** Turns a conversation into tokens and prepared pictures. Thread-safe; needs no device. */
public final class PromptEncoder {
  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final LoadedModel model;
  private final OptionalInt beginningId;
  private final AnswerFormat answerFormat;
  private final List<ControlToken> controlTokens;

  /**
   * An encoder.
   *
   * @param beginningId the id of the beginning-of-sequence token, if the model has one
   * @param answerFormat how the model marks its reasoning
   */
  public PromptEncoder(
      ChatTemplate template,
      Tokenizer tokenizer,
      LoadedModel model,
      OptionalInt beginningId,
      AnswerFormat answerFormat) {
    this.template = template;
    this.tokenizer = tokenizer;
    this.model = model;
    this.beginningId = beginningId;
    this.answerFormat = answerFormat;
    controlTokens =
        tokenizer.addedTokens().stream()
            .map(token -> new ControlToken(token.content(), token.special()))
            .toList();
  }

  /**
   * Encodes a request.
   *
   * @throws IllegalArgumentException if the model reads no images and there are some, or the
   *     template does not place them
   */
  public EncodedPrompt encode(ChatRequest request) {
    List<Part.Image> images = request.messages().stream().flatMap(ChatMessage::images).toList();
    if (!images.isEmpty() && model.images().isEmpty()) {
      throw new IllegalArgumentException(
          "the request has images ("
              + images.size()
              + "), and this model reads text only; remove them or load a vision-language model");
    }
    List<Map<String, @Nullable Object>> messages =
        request.messages().stream().map(m -> m.forTemplate(model.images().isPresent())).toList();
    RenderedPrompt rendered =
        template.render(
            messages,
            request.tools().isEmpty() ? null : request.tools(),
            request.templateVariables(),
            true,
            controlTokens);
    int[] ids = tokens(rendered);
    Optional<ReasoningFormat> openReasoning = openReasoning(rendered);
    if (model.images().isEmpty()) {
      return new EncodedPrompt(
          rendered.text(),
          ids,
          model.positions().number(ids.length, List.of()),
          List.of(),
          List.of(),
          openReasoning);
    }
    return expand(rendered.text(), ids, images, model.images().get(), openReasoning);
  }

  /** The block that the template has opened; a mark that a user wrote opens none. */
  private Optional<ReasoningFormat> openReasoning(RenderedPrompt rendered) {
    for (ReasoningFormat format : answerFormat.reasoning()) {
      int at = format.openedAt(rendered.text());
      if (at >= 0 && !overlaps(rendered.literal(), at, at + format.open().length())) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /**
   * The template writes the beginning-of-sequence token itself, or the tokenizer adds it, never
   * both.
   */
  private int[] tokens(RenderedPrompt rendered) {
    AddedTokenFilter filter = (_, start, end) -> !overlaps(rendered.literal(), start, end);
    int[] plain = tokenizer.encode(rendered.text(), new EncodeOptions(false, filter));
    boolean written =
        beginningId.isPresent() && plain.length > 0 && plain[0] == beginningId.getAsInt();
    return written ? plain : tokenizer.encode(rendered.text(), new EncodeOptions(true, filter));
  }

  private static boolean overlaps(List<TextRange> ranges, int start, int end) {
    for (TextRange range : ranges) {
      if (range.start() < end && start < range.end()) {
        return true;
      }
    }
    return false;
  }

  private EncodedPrompt expand(
      String text,
      int[] ids,
      List<Part.Image> images,
      LoadedModel.ImageInput input,
      Optional<ReasoningFormat> openReasoning) {
    long placeholders = Arrays.stream(ids).filter(id -> id == input.placeholder()).count();
    if (placeholders != images.size()) {
      throw new IllegalArgumentException(
          "the chat template wrote "
              + placeholders
              + " image placeholders for "
              + images.size()
              + " images; it does not fit this model");
    }
    List<ImagePatches> prepared = new ArrayList<>();
    List<PositionRule.ImageSpan> spans = new ArrayList<>();
    int[] expanded = new int[ids.length];
    int length = 0;
    for (int id : ids) {
      int copies = 1;
      if (id == input.placeholder()) {
        Part.Image image = images.get(prepared.size());
        ImagePatches patches =
            input.encoder().prepare(ImageDecoder.decode(image.bytes(), image.origin()));
        ImageEncoder.TokenGrid grid = input.encoder().tokens(patches);
        spans.add(new PositionRule.ImageSpan(length, grid.rows(), grid.columns()));
        prepared.add(patches);
        copies = grid.count();
      }
      if (length + copies > expanded.length) {
        expanded = Arrays.copyOf(expanded, Math.max(2 * expanded.length, length + copies));
      }
      Arrays.fill(expanded, length, length + copies, id);
      length += copies;
    }
    return new EncodedPrompt(
        text,
        Arrays.copyOf(expanded, length),
        model.positions().number(length, spans),
        List.copyOf(spans),
        List.copyOf(prepared),
        openReasoning);
  }
}
