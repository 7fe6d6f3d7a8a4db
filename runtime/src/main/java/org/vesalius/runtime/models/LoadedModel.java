package org.vesalius.runtime.models;

import java.util.Optional;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.vision.ImageEncoder;

/**
 * A model ready to compute: what the generator drives, whatever the family.
 *
 * @param decoder the text model
 * @param positions how token positions are numbered
 * @param images how images enter, or empty for a text model
 */
public record LoadedModel(Decoder decoder, PositionRule positions, Optional<ImageInput> images) {

  /**
   * How images enter a prompt.
   *
   * @param placeholder the token id that stands for an image in a rendered template, and for each
   *     of its embeddings after expansion
   * @param encoder turns pictures into embeddings
   */
  public record ImageInput(int placeholder, ImageEncoder encoder) {}
}
