package org.vesalius.clinical.agent;

import java.util.List;
import org.vesalius.runtime.Cancellation;

/**
 * What a tool may know of the run that calls it.
 *
 * @param images of the conversation so far, by index
 * @param cancellation of the run; a tool that takes long should look at it
 */
public record ToolContext(List<AgentImage> images, Cancellation cancellation) {
  /** Copies the list. */
  public ToolContext {
    images = List.copyOf(images);
  }

  /**
   * A picture.
   *
   * @throws ToolException if there is none of this index
   */
  public AgentImage image(long index) {
    if (index < 0 || index >= images.size()) {
      throw new ToolException(
          images.isEmpty()
              ? "there are no images"
              : "image %d: expected 0 to %d".formatted(index, images.size() - 1));
    }
    return images.get((int) index);
  }
}
