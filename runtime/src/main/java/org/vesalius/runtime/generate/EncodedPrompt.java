package org.vesalius.runtime.generate;

import java.util.List;
import java.util.Optional;
import org.vesalius.runtime.answer.PictureFrame;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.vision.PreparedImage;

/**
 * A prompt ready for the model.
 *
 * @param text as the chat template rendered it, before image placeholders are expanded
 * @param ids tokens, image placeholders expanded
 * @param positions of the tokens
 * @param spans where the images' tokens are; as many as the images have runs
 * @param images the prepared pictures, in the order of the spans
 * @param openReasoning the reasoning block that the prompt ends in, if it does
 */
@SuppressWarnings("ArrayRecordComponent") // handed to tensors; never compared
public record EncodedPrompt(
    String text,
    int[] ids,
    PositionRule.Positions positions,
    List<PositionRule.ImageSpan> spans,
    List<PreparedImage> images,
    Optional<ReasoningFormat> openReasoning) {

  /** A prompt of given tokens, of no text and without pictures. */
  public static EncodedPrompt ofTokens(int[] ids, PositionRule rule) {
    return new EncodedPrompt(
        "", ids, rule.number(ids.length, List.of()), List.of(), List.of(), Optional.empty());
  }

  /** Tokens that stand for images. */
  public int imageTokens() {
    return spans.stream().mapToInt(span -> span.grid().count()).sum();
  }

  /** The pictures that an answer may point into, as they were and as the model saw them. */
  List<PictureFrame> frames() {
    return images.stream()
        .filter(image -> !image.isVideo())
        .map(image -> PictureFrame.of(image.tiles().getFirst().transform()))
        .toList();
  }
}
