package org.vesalius.clinical.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jsoup.nodes.Element;

/** Numbers of the places of each picture, from 1; the same place has one number. */
final class PlaceNumbers {
  private final Map<Integer, List<TracePlace>> places = new TreeMap<>();
  private final int images;

  PlaceNumbers(DecisionTrace trace) {
    images = trace.images().size();
    trace.steps().forEach(step -> step.places().forEach(this::add));
    trace.claims().forEach(claim -> claim.places().forEach(this::add));
  }

  private void add(TracePlace place) {
    List<TracePlace> known = places.computeIfAbsent(place.image(), _ -> new ArrayList<>());
    if (indexOf(place, known) < 0) {
      known.add(place);
    }
  }

  private static int indexOf(TracePlace place, List<TracePlace> known) {
    for (int i = 0; i < known.size(); i++) {
      TracePlace other = known.get(i);
      if (other.kind() == place.kind()
          && other.label().equals(place.label())
          && other.relative().equals(place.relative())) {
        return i;
      }
    }
    return -1;
  }

  /** Places of a picture; the first has number 1. */
  List<TracePlace> of(int image) {
    return places.getOrDefault(image, List.of());
  }

  /** Name of a place's element on the page. */
  static String id(int image, int number) {
    return "image-" + image + "-" + number;
  }

  /** Links to pictures, with a word before. */
  void images(Element parent, String style, String before, List<Integer> indices) {
    if (indices.isEmpty()) {
      return;
    }
    Element line = HtmlText.add(parent, "p", style, before + " ");
    for (int index : indices) {
      image(line, index, "image-" + index, "image " + index);
      line.appendText(" ");
    }
  }

  /** A link, where there is such a picture. */
  private void image(Element parent, int index, String target, String text) {
    if (index >= 0 && index < images) {
      HtmlText.link(parent, target, text);
    } else {
      HtmlText.add(parent, "span", "", text);
    }
  }

  /** Links to places, as a line of its own; nothing for none. */
  void links(Element parent, List<TracePlace> named) {
    if (named.isEmpty()) {
      return;
    }
    Element list = HtmlText.add(parent, "ul", "evidence");
    for (TracePlace place : named) {
      int number = indexOf(place, of(place.image())) + 1;
      String text =
          "image %d, %s %d".formatted(place.image(), HtmlText.words(place.kind()), number);
      Element item = HtmlText.add(list, "li", "");
      image(item, place.image(), id(place.image(), number), text);
      HtmlText.add(item, "span", "", place.label().isEmpty() ? "" : " " + place.label());
      HtmlText.add(item, "span", "quiet", " " + coordinates(place));
    }
  }

  /** Where a place is, as exactly as is known. */
  static String coordinates(TracePlace place) {
    String pixels = "source px " + numbers(place.pixels(), 1);
    String relative = "relative " + numbers(place.relative(), 3);
    String millimetres =
        place.millimetres().isEmpty() ? "" : "; mm " + numbers(place.millimetres(), 1);
    String patient =
        place
            .patient()
            .map(in -> "; %s mm %s".formatted(in.space(), numbers(in.points(), 1)))
            .orElse("");
    return pixels + "; " + relative + millimetres + patient;
  }

  private static String numbers(List<Double> values, int digits) {
    return values.stream()
        .map(value -> HtmlText.number(value, digits))
        .collect(Collectors.joining(", ", "(", ")"));
  }
}
