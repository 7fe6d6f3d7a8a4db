package org.vesalius.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content text alone, or parts in order
 * @param fields what else the chat template may read, such as {@code tool_calls} or {@code
 *     reasoning_content}, in the form of parsed JSON
 */
public record ChatMessage(
    String role, Content content, Map<String, ? extends @Nullable Object> fields) {

  /** What a message says. */
  public sealed interface Content {
    /** A text; templates see a string. */
    record Plain(String text) implements Content {}

    /** Texts and pictures in order; templates see a list. */
    record Parts(List<Part> parts) implements Content {
      /** Copies the list. */
      public Parts {
        parts = List.copyOf(parts);
      }
    }
  }

  /** Sets the developer's instruction. */
  public static ChatMessage system(String text) {
    return new ChatMessage("system", new Content.Plain(text), Map.of());
  }

  /** What the user says, pictures included. */
  public static ChatMessage user(Part... parts) {
    if (parts.length == 1 && parts[0] instanceof Part.Text(String text)) {
      return user(text);
    }
    return new ChatMessage("user", new Content.Parts(List.of(parts)), Map.of());
  }

  /** What the user says. */
  public static ChatMessage user(String text) {
    return new ChatMessage("user", new Content.Plain(text), Map.of());
  }

  /** What the model answered before. */
  public static ChatMessage assistant(String text) {
    return new ChatMessage("assistant", new Content.Plain(text), Map.of());
  }

  /** The pictures in order. */
  public Stream<Part.Picture> images() {
    return parts().filter(Part.Picture.class::isInstance).map(Part.Picture.class::cast);
  }

  /** The videos in order. */
  public Stream<Part.Video> videos() {
    return parts().filter(Part.Video.class::isInstance).map(Part.Video.class::cast);
  }

  private Stream<Part> parts() {
    return switch (content) {
      case Content.Plain _ -> Stream.empty();
      case Content.Parts(List<Part> parts) -> parts.stream();
    };
  }

  /**
   * The message as a chat template reads it. A picture is {@code {"type": "image"}}, a video {@code
   * {"type": "video"}}; for a model without pictures a list of texts becomes one string, since
   * templates of text models expect that.
   */
  public Map<String, @Nullable Object> forTemplate(boolean withImages) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("role", role);
    map.put(
        "content",
        switch (content) {
          case Content.Plain(String text) -> text;
          case Content.Parts(List<Part> parts) -> withImages ? parts(parts) : joined(parts);
        });
    map.putAll(fields);
    return map;
  }

  private static List<Map<String, Object>> parts(List<Part> parts) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Part part : parts) {
      list.add(
          switch (part) {
            case Part.Text(String text) -> Map.of("type", "text", "text", text);
            case Part.Picture _ -> Map.of("type", "image");
            case Part.Video _ -> Map.of("type", "video");
          });
    }
    return list;
  }

  private static String joined(List<Part> parts) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Part.Text(String piece)) {
        text.append(piece);
      }
    }
    return text.toString();
  }
}
