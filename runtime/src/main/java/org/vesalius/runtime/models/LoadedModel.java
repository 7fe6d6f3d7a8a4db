package org.vesalius.runtime.models;

import java.util.Optional;
import java.util.OptionalInt;
import org.vesalius.loader.RopeConfig;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.VideoPreparation;

/**
 * A model ready to compute: what the generator drives, whatever the family.
 *
 * @param decoder the text model
 * @param positions how token positions are numbered
 * @param images how images enter, or empty for a text model
 * @param videos how videos enter, or empty for a model that was not made for them
 */
public record LoadedModel(
    Decoder decoder,
    PositionRule positions,
    Optional<ImageInput> images,
    Optional<VideoInput> videos) {

  /** Checks that positions have the axes that the rotary embeddings turn by. */
  public LoadedModel {
    for (RopeConfig rope : decoder.config().ropes()) {
      if (rope.mropeSection().length > positions.axes()) {
        throw rope.parameters()
            .error(
                "mrope_section",
                "none, since positions in this family have one axis",
                rope.mropeSection().length + " sections");
      }
    }
  }

  /** A model that reads text only. */
  public static LoadedModel text(Decoder decoder) {
    return new LoadedModel(decoder, PositionRule.SEQUENTIAL, Optional.empty(), Optional.empty());
  }

  /** A model that reads text and images and counts every token once. */
  public static LoadedModel withImages(Decoder decoder, ImageInput images) {
    return new LoadedModel(decoder, PositionRule.SEQUENTIAL, Optional.of(images), Optional.empty());
  }

  /**
   * How images enter a prompt.
   *
   * @param placeholder what the chat template writes where an image stands
   * @param token the text that stands for an image's embeddings in {@link
   *     org.vesalius.runtime.vision.PreparedImage#prompt}; a token of the tokenizer, or else any
   *     text, at which the prompt is cut before it is tokenized
   * @param id of the token where config.json names one, to be compared with the tokenizer
   * @param groupTokens 0, or for models in which the tokens of an image see each other in both
   *     directions the number of an image's tokens; they go through the decoder in one step
   * @param encoder turns pictures into embeddings
   */
  public record ImageInput(
      String placeholder, String token, OptionalInt id, int groupTokens, ImageEncoder encoder) {

    /** Images whose tokens see only what comes before, and whose placeholder is their token. */
    public static ImageInput causal(String token, OptionalInt id, ImageEncoder encoder) {
      return new ImageInput(token, token, id, 0, encoder);
    }
  }

  /**
   * How videos enter a prompt. They are encoded as images are.
   *
   * @param token what the chat template writes where a video stands, and what stands for its
   *     embeddings
   * @param id of the token where config.json names one
   * @param preparation resizes, normalises and cuts frames
   */
  public record VideoInput(String token, OptionalInt id, VideoPreparation preparation) {}
}
