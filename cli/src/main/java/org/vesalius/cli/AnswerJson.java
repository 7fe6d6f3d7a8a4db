package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.answer.InvalidRegion;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.answer.ToolCall;

/** Tool calls and places of an answer as JSON. */
final class AnswerJson {
  private AnswerJson() {}

  static void add(ObjectNode json, Generation generation) {
    add(json, generation, RequestPictures.NONE);
  }

  /** Places are in pixels of their sources; of medical pictures in millimetres too. */
  static void add(ObjectNode json, Generation generation, RequestPictures pictures) {
    ArrayNode calls = json.putArray("tool_calls");
    generation.toolCalls().forEach(call -> call(calls.addObject(), call));
    ArrayNode regions = json.putArray("regions");
    pictures
        .inSource(generation.regions())
        .forEach(region -> region(regions.addObject(), region, pictures));
    ArrayNode invalid = json.putArray("invalid_regions");
    generation.invalidRegions().forEach(region -> invalid(invalid.addObject(), region));
  }

  private static void call(ObjectNode json, ToolCall call) {
    json.put("id", call.id().orElse(null));
    json.put("name", call.name());
    json.set("arguments", JsonOutput.tree(call.arguments()));
    json.put("raw", call.raw());
    json.put("problem", call.problem().orElse(null));
  }

  /** In source pixels; null where the answer does not say which picture it means. */
  private static void region(ObjectNode json, Region region, RequestPictures pictures) {
    boolean placed = region.image().isPresent();
    json.put("label", region.label());
    json.put("image", placed ? (Integer) region.image().getAsInt() : null);
    switch (region) {
      case Region.Box box -> {
        json.put("type", "box");
        put(json, placed, "box", box.x0(), box.y0(), box.x1(), box.y1());
      }
      case Region.Point point -> {
        json.put("type", "point");
        put(json, placed, "point", point.x(), point.y());
      }
      case Region.Polygon polygon -> {
        json.put("type", "polygon");
        double[] corners =
            polygon.corners().stream()
                .flatMapToDouble(corner -> java.util.stream.DoubleStream.of(corner.x(), corner.y()))
                .toArray();
        put(json, placed, "polygon", corners);
      }
    }
    pictures.addPlace(json, region, json.get("type").asText());
    json.put("raw", region.mention().raw());
    json.put("start", region.mention().start());
    json.put("end", region.mention().end());
    ArrayNode written = json.putArray("written");
    region.mention().coordinates().forEach(written::add);
  }

  private static void put(ObjectNode json, boolean placed, String name, double... numbers) {
    if (!placed) {
      json.putNull(name);
      return;
    }
    ArrayNode array = json.putArray(name);
    for (double number : numbers) {
      array.add(number);
    }
  }

  private static void invalid(ObjectNode json, InvalidRegion region) {
    json.put("raw", region.raw());
    json.put("start", region.start());
    json.put("end", region.end());
    json.put("reason", region.reason());
  }
}
