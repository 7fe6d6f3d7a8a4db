package org.vesalius.runtime.generate;

import java.util.List;
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
 * @param reasoningOpen whether the prompt ends inside a reasoning block
 */
@SuppressWarnings("ArrayRecordComponent") // handed to tensors; never compared
public record EncodedPrompt(
    String text,
    int[] ids,
    PositionRule.Positions positions,
    List<PositionRule.ImageSpan> spans,
    List<PreparedImage> images,
    boolean reasoningOpen) {

  /** Tokens that stand for images. */
  public int imageTokens() {
    return spans.stream().mapToInt(span -> span.grid().count()).sum();
  }
}
