package org.vesalius.cli;

import java.nio.file.Path;
import java.util.List;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.Overlay;

/** Writes the pictures of a request with the places of the answer drawn on them. */
final class Overlays {
  private Overlays() {}

  static List<Part.Picture> pictures(ChatRequest request) {
    return request.messages().stream().flatMap(ChatMessage::images).toList();
  }

  /** One picture goes to the file itself; of several each gets its number, counted from 1. */
  static void write(
      ChatRequest request, RequestPictures sources, Generation generation, Path file) {
    List<Part.Picture> pictures = pictures(request);
    for (int i = 0; i < pictures.size(); i++) {
      Overlay.write(
          pictures.get(i).pixels(),
          i,
          generation.regions(),
          sources.scaleBar(i).orElse(null),
          pictures.size() == 1 ? file : numbered(file, i + 1));
    }
  }

  private static Path numbered(Path file, int number) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    String suffix = dot > 0 ? name.substring(dot) : "";
    return file.resolveSibling(stem + "-" + number + suffix);
  }
}
