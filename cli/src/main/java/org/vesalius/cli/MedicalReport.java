package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.geometry.PixelSpacing;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.runtime.answer.ScaleBar;

/** A medical picture for people and for programs. */
final class MedicalReport {
  private MedicalReport() {}

  static List<String> text(MedicalImage image) {
    List<String> lines = new ArrayList<>();
    line(lines, "kind", image.kind());
    image.facts().forEach((name, value) -> line(lines, name.replace('_', ' '), text(value)));
    image.notes().forEach(note -> line(lines, "note", note));
    return lines;
  }

  private static void line(List<String> lines, String name, String value) {
    lines.add(line(name, value));
  }

  /** A line of text output. */
  static String line(String name, String value) {
    return "%-27s %s".formatted(name, value);
  }

  private static String text(Object value) {
    return switch (value) {
      case List<?> list when list.isEmpty() -> "none";
      case List<?> list ->
          list.stream()
              .map(MedicalReport::text)
              .collect(Collectors.joining(list.getFirst() instanceof Number ? " x " : "; "));
      case Double number -> number(number);
      case Boolean yes -> yes ? "yes" : "no";
      default -> String.valueOf(value);
    };
  }

  private static String number(double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      return String.format(Locale.ROOT, "%.0f", number);
    }
    return Float.toString((float) number);
  }

  static void json(ObjectNode json, MedicalImage image) {
    json.put("kind", image.kind());
    json.put("frames", image.frames());
    json.setAll((ObjectNode) JsonOutput.tree(java.util.Collections.unmodifiableMap(image.facts())));
    ArrayNode notes = json.putArray("notes");
    image.notes().forEach(notes::add);
  }

  /** A picture that was made: of which frame, and how. */
  static void picture(ObjectNode json, int index, PlacedPicture picture, Optional<Display> shown) {
    json.put("frame", index + 1);
    json.put("width", picture.image().width());
    json.put("height", picture.image().height());
    json.put("source_width", picture.transform().sourceWidth());
    json.put("source_height", picture.transform().sourceHeight());
    json.put("window", shown.map(Display::description).orElse(null));
    json.put("window_reason", shown.map(Display::reason).orElse(null));
  }

  /** What is black in a picture; nothing is said where nothing is. */
  static void mask(ObjectNode json, List<PixelMask.Rectangle> hidden) {
    if (!hidden.isEmpty()) {
      ArrayNode rectangles = json.putArray("mask");
      hidden.forEach(black ->
          rectangles.addArray().add(black.x1()).add(black.y1()).add(black.x2()).add(black.y2()));
    }
  }

  /** The same for people. */
  static String mask(List<PixelMask.Rectangle> hidden) {
    return "black by the mask: "
        + hidden.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /** A window and why it is this one. */
  static String window(Display display) {
    return display.description() + " (" + display.reason() + ")";
  }

  /** The bar of a picture whose millimetres are known. */
  static Optional<ScaleBar> scaleBar(PlacedPicture picture) {
    return picture
        .spacing()
        .map(spacing ->
            new ScaleBar(
                spacing.horizontal(),
                spacing.place() == PixelSpacing.Place.DETECTOR ? "at the detector" : ""));
  }
}
