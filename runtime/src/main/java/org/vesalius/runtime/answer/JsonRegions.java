package org.vesalius.runtime.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.runtime.answer.WrittenRegion.Kind;

/**
 * Places in JSON objects, wherever the objects stand: alone, in arrays, in a fence, among prose, in
 * an array that ends too early. One walk over the text finds the objects that have a key of
 * interest; only those are parsed.
 */
final class JsonRegions {
  static final List<Key> QWEN =
      List.of(new Key("bbox_2d", Kind.BOX, false), new Key("point_2d", Kind.POINT, false));
  static final List<Key> GEMMA = List.of(new Key("box_2d", Kind.BOX, true));

  private static final List<String> IMAGE_KEYS = List.of("image", "img_idx", "image_index");
  private static final List<String> LABEL_KEYS = List.of("label", "text_content");
  private static final int MAX_DEPTH = 64;
  private static final int MOST_SPACE = 20;

  /** A key whose value is a place. */
  record Key(String name, Kind kind, boolean yFirst) {}

  private final String text;
  private final WrittenRegion.Sink sink;
  private final List<Key> keys;
  private final Pattern loose;
  private final BitSet read = new BitSet();
  private final int[] begins = new int[MAX_DEPTH];
  private final boolean[] flagged = new boolean[MAX_DEPTH];
  private int depth;

  JsonRegions(String text, WrittenRegion.Sink sink, List<Key> keys) {
    this.text = text;
    this.sink = sink;
    this.keys = keys;
    loose =
        Pattern.compile(
            "(?<![A-Za-z0-9_])("
                + String.join("|", keys.stream().map(Key::name).toList())
                + ")[\"']?\\s{0,9}[:=]\\s{0,9}[\\[(][^\\])]{0,200}[\\])]?");
  }

  void find() {
    walk();
    // What is written like a place in no object that could be read is reported, not overlooked.
    Matcher matcher = loose.matcher(text);
    while (matcher.find()) {
      if (!read.get(matcher.start())) {
        sink.invalid(matcher.start(), matcher.end(), "not in a JSON object");
      }
    }
  }

  private void walk() {
    int tooDeep = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '{') {
        if (depth == MAX_DEPTH) {
          tooDeep++;
        } else {
          begins[depth] = at;
          flagged[depth++] = false;
        }
      } else if (c == '}' && tooDeep > 0) {
        tooDeep--;
      } else if (c == '}' && depth > 0) {
        depth--;
        if (flagged[depth]) {
          object(begins[depth], at + 1);
        }
      } else if (c == '"' && depth > 0) {
        at = string(at, tooDeep == 0);
      }
    }
    unclosed();
  }

  /** Index of the last character of a string, or of the line break that ends it wrongly. */
  private int string(int from, boolean counts) {
    int at = from + 1;
    for (; at < text.length() && text.charAt(at) != '"'; at++) {
      if (text.charAt(at) == '\n') {
        return at;
      }
      if (text.charAt(at) == '\\') {
        at++;
      }
    }
    int length = at - from - 1;
    if (counts && depth > 0 && colonFollows(at + 1)) {
      for (Key key : keys) {
        if (length == key.name().length() && text.startsWith(key.name(), from + 1)) {
          flagged[depth - 1] = true;
        }
      }
    }
    return Math.min(at, text.length() - 1);
  }

  private boolean colonFollows(int from) {
    int at = from;
    while (at < text.length()
        && at < from + MOST_SPACE
        && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() && text.charAt(at) == ':';
  }

  /** Only the innermost object is at fault where the answer ends. */
  private void unclosed() {
    for (int i = depth - 1; i >= 0; i--) {
      if (flagged[i]) {
        sink.invalid(begins[i], text.length(), "incomplete: the object does not end");
        read.set(begins[i], text.length());
        return;
      }
    }
  }

  private void object(int start, int end) {
    switch (CallJson.parse(text.substring(start, end))) {
      case CallJson.Parsed.Wrong(String reason) -> {
        sink.invalid(start, end, reason);
        read.set(start, end);
      }
      case CallJson.Parsed.Value(JsonNode node) -> {
        for (Key key : keys) {
          if (node.has(key.name())) {
            places(node, key, start, end);
            read.set(start, end);
          }
        }
      }
    }
  }

  private void places(JsonNode node, Key key, int start, int end) {
    try {
      OptionalInt image = image(node);
      String label = label(node);
      for (JsonNode group : Numbers.groups(node.path(key.name()))) {
        place(group, new Found(key, label, image, start, end));
      }
    } catch (Malformed e) {
      sink.invalid(start, end, String.valueOf(e.getMessage()));
    }
  }

  private record Found(Key key, String label, OptionalInt image, int start, int end) {}

  private void place(JsonNode group, Found found) {
    try {
      sink.found(
          new WrittenRegion(
              found.key().kind(),
              found.label(),
              Numbers.of(group),
              found.key().yFirst(),
              found.image(),
              found.start(),
              found.end()));
    } catch (Malformed e) {
      sink.invalid(found.start(), found.end(), String.valueOf(e.getMessage()));
    }
  }

  private static OptionalInt image(JsonNode node) {
    for (String key : IMAGE_KEYS) {
      JsonNode value = node.path(key);
      if (value.isInt()) {
        return OptionalInt.of(value.intValue());
      }
      if (!value.isMissingNode() && !value.isNull()) {
        throw new Malformed(
            "\""
                + key
                + "\": expected the number of a picture, found "
                + CallJson.brief(value.toString()));
      }
    }
    return OptionalInt.empty();
  }

  private static String label(JsonNode node) {
    for (String key : LABEL_KEYS) {
      if (node.path(key).isTextual()) {
        return node.path(key).textValue();
      }
    }
    return "";
  }
}
