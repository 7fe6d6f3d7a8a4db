package org.vesalius.clinical.knowledge;

import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.Pooling;

/** Places texts so that similar ones are near each other. Must be safe for use by threads. */
@FunctionalInterface
public interface PassageEmbedder {

  /** The vector of a text; always as many numbers. Its direction counts, not its length. */
  float[] embed(String text);

  /**
   * A loaded model's mean hidden state, which tells similar texts only roughly.
   *
   * @param model stays the caller's
   */
  static PassageEmbedder of(ChatModel model) {
    return text -> model.embed(text, Pooling.MEAN).values();
  }
}
