package org.vesalius.clinical.trace;

import static java.util.stream.Collectors.joining;

import java.util.Base64;
import java.util.List;
import org.jsoup.nodes.Element;
import org.vesalius.clinical.imaging.PixelMask;

/** The pictures of a trace with its places drawn over them. */
final class HtmlPictures {
  private static final int COLOURS = 6;

  private static final int MOST_RECTANGLES = 8;

  /** Share of a picture's height that a number above a place takes at most. */
  private static final double ROOM = 0.1;

  private final PlaceNumbers numbers;

  HtmlPictures(PlaceNumbers numbers) {
    this.numbers = numbers;
  }

  void render(Element main, List<TraceEntry.Image> images) {
    if (images.isEmpty()) {
      return;
    }
    Element section = HtmlText.add(main, "section", "").attr("id", "images");
    HtmlText.add(section, "h2", "", "Images");
    Element grid = HtmlText.add(section, "div", "pictures");
    images.forEach(image -> picture(grid, image));
  }

  private void picture(Element grid, TraceEntry.Image image) {
    Element figure = HtmlText.add(grid, "figure", "").attr("id", "image-" + image.index());
    double width = Math.max(1, image.width());
    double height = Math.max(1, image.height());
    Element frame =
        HtmlText.add(figure, "div", image.png().isPresent() ? "frame" : "frame missing");
    frame.attr("style", "aspect-ratio:%s/%s".formatted(width, height));
    if (image.png().isPresent()) {
      frame
          .appendElement("img")
          .attr("alt", "image " + image.index())
          .attr("src", "data:image/png;base64," + base64(image.png().get()));
    } else {
      HtmlText.add(
          frame,
          "span",
          "absent",
          image.withheld().isEmpty()
              ? "The picture is not kept in the trace."
              : "The picture is " + image.withheld().get() + ".");
    }
    List<TracePlace> places = numbers.of(image.index());
    overlay(frame, places, width, height);
    Element caption = HtmlText.add(figure, "figcaption", "");
    HtmlText.add(caption, "strong", "", "Image " + image.index());
    HtmlText.add(caption, "span", "", " " + image.origin());
    HtmlText.add(caption, "div", "quiet", facts(image));
    List<Integer> parent = image.parent().stream().boxed().toList();
    numbers.images(caption, "quiet", "Made of", parent);
    legend(caption, image.index(), places);
  }

  private static String base64(PngBytes png) {
    return Base64.getEncoder().encodeToString(png.copy());
  }

  private static String facts(TraceEntry.Image image) {
    StringBuilder facts = new StringBuilder();
    image.frame().ifPresent(frame -> facts.append("frame ").append(frame).append(" \u00b7 "));
    if (!image.window().isEmpty()) {
      facts.append("shown as ").append(image.window()).append(" \u00b7 ");
    }
    image.mask().ifPresent(black -> facts.append("black by a mask: ").append(rectangles(black)));
    return facts
        .append(
            "%d\u00d7%d pixels, of a source of %d\u00d7%d; the model saw %d\u00d7%d"
                .formatted(
                    image.width(),
                    image.height(),
                    image.sourceWidth(),
                    image.sourceHeight(),
                    image.modelWidth(),
                    image.modelHeight()))
        .toString();
  }

  /** Regions of ultrasound leave many. */
  private static String rectangles(List<PixelMask.Rectangle> black) {
    return black.stream().limit(MOST_RECTANGLES).map(String::valueOf).collect(joining("; "))
        + (black.size() > MOST_RECTANGLES ? " and more" : "")
        + " in pixels of the source \u00b7 ";
  }

  private static void overlay(Element frame, List<TracePlace> places, double width, double height) {
    Element svg = frame.appendElement("svg").attr("viewBox", "0 0 %s %s".formatted(width, height));
    svg.attr("preserveAspectRatio", "none").attr("aria-hidden", "true");
    for (int i = 0; i < places.size(); i++) {
      List<Double> points = inPicture(places.get(i));
      String colour = "c" + i % COLOURS;
      shape(svg, places.get(i).kind(), points, width, height, "halo");
      shape(svg, places.get(i).kind(), points, width, height, colour);
      double left = smallest(points, 0);
      double top = smallest(points, 1);
      String where = top > ROOM ? "tag above " : "tag ";
      HtmlText.add(frame, "span", where + colour, String.valueOf(i + 1))
          .attr("style", "left:%s%%;top:%s%%".formatted(100 * left, 100 * top));
    }
  }

  /** Shares of the picture: what lies beyond its edge is drawn at its edge. */
  private static List<Double> inPicture(TracePlace place) {
    return place.relative().stream().map(v -> v.isNaN() ? 0.0 : Math.clamp(v, 0.0, 1.0)).toList();
  }

  private static double smallest(List<Double> points, int axis) {
    double smallest = 1;
    for (int i = axis; i < points.size(); i += 2) {
      smallest = Math.min(smallest, points.get(i));
    }
    return smallest;
  }

  private static void shape(
      Element svg,
      TracePlace.Kind kind,
      List<Double> points,
      double width,
      double height,
      String style) {
    switch (kind) {
      case BOX -> {
        double left = Math.min(points.get(0), points.get(2)) * width;
        double top = Math.min(points.get(1), points.get(3)) * height;
        svg.appendElement("rect")
            .attr("class", style)
            .attr("x", String.valueOf(left))
            .attr("y", String.valueOf(top))
            .attr("width", String.valueOf(Math.abs(points.get(2) - points.get(0)) * width))
            .attr("height", String.valueOf(Math.abs(points.get(3) - points.get(1)) * height));
      }
      case POINT ->
          svg.appendElement("circle")
              .attr("class", style)
              .attr("cx", String.valueOf(points.get(0) * width))
              .attr("cy", String.valueOf(points.get(1) * height))
              .attr("r", String.valueOf(Math.max(width, height) / 60));
      case POLYGON -> {
        StringBuilder corners = new StringBuilder();
        for (int i = 0; i < points.size(); i += 2) {
          corners.append(points.get(i) * width).append(',').append(points.get(i + 1) * height);
          corners.append(' ');
        }
        svg.appendElement("polygon").attr("class", style).attr("points", corners.toString());
      }
    }
  }

  private static void legend(Element caption, int image, List<TracePlace> places) {
    if (places.isEmpty()) {
      return;
    }
    Element list = HtmlText.add(caption, "ol", "legend");
    for (int i = 0; i < places.size(); i++) {
      TracePlace place = places.get(i);
      Element item = HtmlText.add(list, "li", "").attr("id", PlaceNumbers.id(image, i + 1));
      HtmlText.add(item, "span", "number c" + i % COLOURS, String.valueOf(i + 1));
      Element what = HtmlText.add(item, "span", "");
      HtmlText.add(
          what, "span", "", place.label().isEmpty() ? HtmlText.words(place.kind()) : place.label());
      HtmlText.add(what, "span", "quiet", " " + PlaceNumbers.coordinates(place));
      if (!place.written().isEmpty()) {
        HtmlText.add(what, "span", "quiet", "; the model wrote ");
        HtmlText.add(what, "code", "quiet", place.written());
      }
    }
  }
}
