package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.prompt.RenderedPrompt;
import org.vesalius.runtime.prompt.TextRange;
import org.vesalius.runtime.vision.PreparedImage;

/**
 * Puts what stands for each picture into a rendered prompt, in place of the template's
 * placeholders.
 */
final class ImageExpansion {
  private final LoadedModel.ImageInput input;

  ImageExpansion(LoadedModel.ImageInput input) {
    this.input = input;
  }

  /**
   * The prompt with all pictures.
   *
   * @throws IllegalArgumentException if the template has not written one placeholder per picture
   */
  RenderedPrompt expand(RenderedPrompt rendered, List<PreparedImage> images) {
    List<Integer> places = places(rendered, input.placeholder());
    if (places.size() != images.size()) {
      throw new IllegalArgumentException(
          "the chat template wrote "
              + places.size()
              + " image placeholders for "
              + images.size()
              + " images; it does not fit this model");
    }
    StringBuilder text = new StringBuilder();
    int from = 0;
    int[] shift = new int[places.size()];
    for (int i = 0; i < places.size(); i++) {
      text.append(rendered.text(), from, places.get(i)).append(images.get(i).prompt());
      from = places.get(i) + input.placeholder().length();
      shift[i] = text.length() - from;
    }
    text.append(rendered.text(), from, rendered.text().length());
    List<TextRange> literal = new ArrayList<>();
    for (TextRange range : rendered.literal()) {
      int before = 0;
      while (before < places.size() && places.get(before) < range.start()) {
        before++;
      }
      int by = before == 0 ? 0 : shift[before - 1];
      literal.add(new TextRange(range.start() + by, range.end() + by));
    }
    return new RenderedPrompt(text.toString(), literal);
  }

  /** Where the template itself has written {@code mark}. */
  static List<Integer> places(RenderedPrompt rendered, String mark) {
    List<Integer> places = new ArrayList<>();
    int at = rendered.text().indexOf(mark);
    while (at >= 0) {
      if (overlaps(rendered.literal(), at, at + mark.length())) {
        at = rendered.text().indexOf(mark, at + 1);
      } else {
        places.add(at);
        at = rendered.text().indexOf(mark, at + mark.length());
      }
    }
    return places;
  }

  /** Whether any of the ranges has a character between {@code start} and {@code end}. */
  static boolean overlaps(List<TextRange> ranges, int start, int end) {
    for (TextRange range : ranges) {
      if (range.start() < end && start < range.end()) {
        return true;
      }
    }
    return false;
  }
}
