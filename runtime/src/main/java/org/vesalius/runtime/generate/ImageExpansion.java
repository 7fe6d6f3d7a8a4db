package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.vesalius.runtime.prompt.RenderedPrompt;
import org.vesalius.runtime.prompt.TextRange;
import org.vesalius.runtime.vision.PreparedImage;

/**
 * A rendered prompt with what stands for each picture and video in place of the template's
 * placeholders.
 *
 * @param prompt the text
 * @param images in the order in which they stand in it
 */
record ImageExpansion(RenderedPrompt prompt, List<PreparedImage> images) {

  /**
   * Pictures of one kind.
   *
   * @param name for messages
   * @param placeholder what the template writes for each
   * @param images in order
   */
  record Kind(String name, String placeholder, List<PreparedImage> images) {}

  private record Place(int start, int length, PreparedImage image) {}

  /**
   * Expands a prompt.
   *
   * @throws IllegalArgumentException if the template has not written one placeholder per picture
   */
  static ImageExpansion of(RenderedPrompt rendered, List<Kind> kinds) {
    List<Place> places = new ArrayList<>();
    for (Kind kind : kinds) {
      List<Integer> starts = places(rendered, kind.placeholder());
      if (starts.size() != kind.images().size()) {
        throw new IllegalArgumentException(
            "the chat template wrote "
                + starts.size()
                + " placeholders for "
                + kind.images().size()
                + " "
                + kind.name()
                + "; it does not fit this model");
      }
      Iterator<PreparedImage> images = kind.images().iterator();
      starts.forEach(
          start -> places.add(new Place(start, kind.placeholder().length(), images.next())));
    }
    places.sort(Comparator.comparingInt(Place::start));
    StringBuilder text = new StringBuilder();
    List<TextRange> literal = new ArrayList<>();
    Iterator<TextRange> ranges = rendered.literal().iterator();
    TextRange next = ranges.hasNext() ? ranges.next() : null;
    int from = 0;
    for (Place place : places) {
      int shift = text.length() - from;
      while (next != null && next.start() < place.start()) {
        literal.add(new TextRange(next.start() + shift, next.end() + shift));
        next = ranges.hasNext() ? ranges.next() : null;
      }
      text.append(rendered.text(), from, place.start()).append(place.image().prompt());
      from = place.start() + place.length();
    }
    int shift = text.length() - from;
    while (next != null) {
      literal.add(new TextRange(next.start() + shift, next.end() + shift));
      next = ranges.hasNext() ? ranges.next() : null;
    }
    text.append(rendered.text(), from, rendered.text().length());
    return new ImageExpansion(
        new RenderedPrompt(text.toString(), literal), places.stream().map(Place::image).toList());
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
