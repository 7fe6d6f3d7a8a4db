package org.vesalius.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.answer.InvalidRegion;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.answer.ToolCall;

/** What an answer holds besides its text, a line each. */
final class AnswerNotes {
  private static final int LONGEST = 200;

  private AnswerNotes() {}

  static List<String> of(Generation generation, int pictures) {
    return of(generation, pictures, RequestPictures.NONE);
  }

  /** Places are in pixels of their sources. */
  static List<String> of(Generation generation, int pictures, RequestPictures sources) {
    List<String> lines = new ArrayList<>();
    if (generation.reasoningUnclosed()) {
      lines.add("no answer: the reasoning has not ended");
    }
    for (ToolCall call : generation.toolCalls()) {
      lines.add(
          call.problem()
              .map(problem -> "malformed tool call: " + problem + ": " + line(call.raw()))
              .orElseGet(() -> "tool call: " + call.name() + " " + line(call.argumentsJson())));
    }
    sources.inSource(generation.regions()).forEach(region -> lines.add(region(region, pictures)));
    for (InvalidRegion region : generation.invalidRegions()) {
      lines.add("invalid region: " + region.reason() + ": " + line(region.raw()));
    }
    return lines;
  }

  private static String region(Region region, int pictures) {
    String what =
        switch (region) {
          case Region.Box box -> "box " + numbers(box.x0(), box.y0(), box.x1(), box.y1());
          case Region.Point point -> "point " + numbers(point.x(), point.y());
          case Region.Polygon polygon ->
              "polygon "
                  + polygon.corners().stream()
                      .map(corner -> numbers(corner.x(), corner.y()))
                      .collect(Collectors.joining(" "));
        };
    StringBuilder line = new StringBuilder(what);
    if (region.image().isEmpty()) {
      line.append(" as written; the answer does not say in which picture");
    } else if (pictures > 1) {
      line.append(" in picture ").append(region.image().getAsInt());
    }
    return region.label().isBlank()
        ? line.toString()
        : line.append(": ").append(line(region.label())).toString();
  }

  private static String numbers(double... numbers) {
    StringBuilder text = new StringBuilder();
    for (double number : numbers) {
      text.append(text.isEmpty() ? "" : ",");
      text.append(
          number == Math.rint(number)
              ? String.format(Locale.ROOT, "%.0f", number)
              : String.format(Locale.ROOT, "%.1f", number));
    }
    return text.toString();
  }

  /** A model may write anything, control characters too. */
  private static String line(String text) {
    String line = text.strip().replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
