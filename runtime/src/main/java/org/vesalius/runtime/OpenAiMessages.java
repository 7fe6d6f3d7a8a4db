package org.vesalius.runtime;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads conversations in the JSON form of OpenAI's chat interface: an array of messages, or an
 * object with {@code messages}, {@code tools} and {@code template_kwargs}.
 *
 * <p>{@code image_url.url} is a path, absolute or relative to a given folder, a {@code file:} URL
 * or a {@code data:} URL with base64. Nothing is ever fetched from a network: an {@code http} URL
 * is refused.
 */
public final class OpenAiMessages {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path folder;
  private final String origin;

  private OpenAiMessages(Path folder, String origin) {
    this.folder = folder;
    this.origin = origin;
  }

  /**
   * Reads a file; paths in it are relative to its folder.
   *
   * @throws IllegalArgumentException saying where the file is not what it should be
   * @throws UncheckedIOException if it or a picture cannot be read
   */
  public static Conversation read(Path file) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("messages " + file + " cannot be read", e);
    }
    Path parent = file.toAbsolutePath().getParent();
    return parse(bytes, parent == null ? file.toAbsolutePath() : parent, file.toString());
  }

  /**
   * Parses JSON.
   *
   * @param folder what paths in it are relative to
   * @param origin name for messages
   */
  public static Conversation parse(byte[] json, Path folder, String origin) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          origin
              + ": expected JSON, found a mistake at "
              + place(e)
              + ": "
              + e.getOriginalMessage(),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new OpenAiMessages(folder, origin).conversation(root);
  }

  private static String place(JacksonException e) {
    var location = e.getLocation();
    return location == null
        ? "an unknown place"
        : "line " + location.getLineNr() + ", column " + location.getColumnNr();
  }

  private Conversation conversation(JsonNode root) {
    JsonNode list = root.isObject() ? root.path("messages") : root;
    if (!list.isArray() || list.isEmpty()) {
      throw wrong(
          "messages", "an array of messages, or an object with one under \"messages\"", list);
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      messages.add(message("messages[" + i + "]", list.get(i)));
    }
    return new Conversation(messages, tools(root), variables(root));
  }

  private List<Map<String, Object>> tools(JsonNode root) {
    JsonNode tools = root.path("tools");
    if (tools.isMissingNode() || tools.isNull()) {
      return List.of();
    }
    if (!tools.isArray()) {
      throw wrong("tools", "an array of tool definitions", tools);
    }
    for (int i = 0; i < tools.size(); i++) {
      if (!tools.get(i).isObject()) {
        throw wrong("tools[" + i + "]", "an object", tools.get(i));
      }
    }
    return JSON.convertValue(tools, new TypeReference<>() {});
  }

  private Map<String, @Nullable Object> variables(JsonNode root) {
    JsonNode variables = root.path("template_kwargs");
    if (variables.isMissingNode() || variables.isNull()) {
      return Map.of();
    }
    if (!variables.isObject()) {
      throw wrong("template_kwargs", "an object", variables);
    }
    return JSON.convertValue(variables, new TypeReference<>() {});
  }

  private ChatMessage message(String where, JsonNode node) {
    if (!node.isObject() || !node.path("role").isTextual()) {
      throw wrong(where, "an object with a \"role\"", node);
    }
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    node.properties()
        .forEach(entry -> {
          if (!entry.getKey().equals("role") && !entry.getKey().equals("content")) {
            fields.put(entry.getKey(), JSON.convertValue(entry.getValue(), Object.class));
          }
        });
    return new ChatMessage(
        node.path("role").asText(), content(where + ".content", node.path("content")), fields);
  }

  private ChatMessage.Content content(String where, JsonNode node) {
    if (node.isTextual()) {
      return new ChatMessage.Content.Plain(node.asText());
    }
    // An assistant message that only calls tools has null or nothing here.
    if (node.isMissingNode() || node.isNull()) {
      return new ChatMessage.Content.Plain("");
    }
    if (!node.isArray()) {
      throw wrong(where, "a string or an array of parts", node);
    }
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      parts.add(part(where + "[" + i + "]", node.get(i)));
    }
    return new ChatMessage.Content.Parts(parts);
  }

  private Part part(String where, JsonNode node) {
    String type = node.path("type").asText("");
    return switch (type) {
      case "text" -> {
        if (!node.path("text").isTextual()) {
          throw wrong(where + ".text", "a string", node.path("text"));
        }
        yield new Part.Text(node.path("text").asText());
      }
      case "image_url" -> {
        JsonNode url =
            node.path("image_url").isTextual()
                ? node.path("image_url")
                : node.path("image_url").path("url");
        if (!url.isTextual()) {
          throw wrong(where + ".image_url.url", "a path, a file: URL or a data: URL", url);
        }
        yield image(where + ".image_url.url", url.asText());
      }
      case "video" -> video(where, node);
      default ->
          throw wrong(where + ".type", "\"text\", \"image_url\" or \"video\"", node.path("type"));
    };
  }

  /** Not OpenAI's: a video as its frames, {@code {"type": "video", "frames": [...], "fps": 2}}. */
  private Part video(String where, JsonNode node) {
    JsonNode frames = node.path("frames");
    JsonNode rate = node.path("fps");
    if (!frames.isArray() || frames.isEmpty()) {
      throw wrong(where + ".frames", "an array of paths, file: URLs or data: URLs", frames);
    }
    if (!rate.isNumber() || !(rate.asDouble() > 0)) {
      throw wrong(where + ".fps", "a positive number", rate);
    }
    List<Part.Image> images = new ArrayList<>();
    for (int i = 0; i < frames.size(); i++) {
      String at = where + ".frames[" + i + "]";
      if (!frames.get(i).isTextual()) {
        throw wrong(at, "a path, a file: URL or a data: URL", frames.get(i));
      }
      images.add(image(at, frames.get(i).asText()));
    }
    return new Part.Video(images, rate.asDouble());
  }

  private Part.Image image(String where, String url) {
    if (url.startsWith("data:")) {
      return dataUrl(where, url);
    }
    if (url.startsWith("http:") || url.startsWith("https:")) {
      throw new IllegalArgumentException(
          origin
              + ": "
              + where
              + ": expected a local picture, found "
              + brief(url)
              + "; nothing is fetched from a network");
    }
    try {
      Path file = url.startsWith("file:") ? Path.of(URI.create(url)) : folder.resolve(url);
      return Part.Image.read(file);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          origin + ": " + where + ": expected a path or a file: URL, found " + brief(url), e);
    }
  }

  private Part.Image dataUrl(String where, String url) {
    int comma = url.indexOf(',');
    if (comma < 0 || !url.substring(0, comma).endsWith(";base64")) {
      throw new IllegalArgumentException(
          origin + ": " + where + ": expected data:image/...;base64,..., found " + brief(url));
    }
    try {
      return new Part.Image(
          Base64.getMimeDecoder().decode(url.substring(comma + 1)), origin + ": " + where);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          origin + ": " + where + ": the base64 is damaged: " + e.getMessage(), e);
    }
  }

  private IllegalArgumentException wrong(String where, String expected, JsonNode found) {
    String text = found.isMissingNode() ? "nothing" : brief(found.toString());
    return new IllegalArgumentException(
        origin + ": " + where + ": expected " + expected + ", found " + text);
  }

  /** Messages are printed and logged, so what a user sent shows only its beginning. */
  private static String brief(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
