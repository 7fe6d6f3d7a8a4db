package org.vesalius.runtime.answer;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;

/** Writes labels beside their places, inside of the picture and not on each other. */
final class OverlayText {
  private static final int FONT_SIZE = 14;
  private static final String CUT = "...";

  private final Graphics2D graphics;
  private final int width;
  private final int height;
  private final float scale;
  private final List<Rectangle> taken = new ArrayList<>();

  OverlayText(Graphics2D graphics, int width, int height, float scale) {
    this.graphics = graphics;
    this.width = width;
    this.height = height;
    this.scale = scale;
  }

  /** Keeps a place free of labels. */
  void take(Rectangle place) {
    taken.add(place);
  }

  /** The size of a text with its background. */
  Rectangle size(String text) {
    FontMetrics metrics = metrics();
    return new Rectangle(metrics.stringWidth(text) + Math.round(6 * scale), metrics.getHeight());
  }

  private FontMetrics metrics() {
    graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.round(FONT_SIZE * scale)));
    return graphics.getFontMetrics();
  }

  /** A label above its place, else below, else inside at its top: where there is room first. */
  void label(Rectangle2D place, String label, Color colour, float rim) {
    String text = fitting(label);
    Rectangle size = size(text);
    int left = Math.round((float) place.getMinX() - 2 * scale);
    int gap = Math.round(rim);
    int[] tops = {
      (int) Math.floor(place.getMinY()) - gap - size.height,
      (int) Math.ceil(place.getMaxY()) + gap,
      (int) Math.ceil(place.getMinY()) + gap,
      (int) Math.floor(place.getMaxY()) - gap - size.height
    };
    Rectangle box = null;
    for (int top : tops) {
      Rectangle candidate = new Rectangle(inside(left, size.width), top, size.width, size.height);
      if (top < 0 || top + size.height > height) {
        continue;
      }
      box = box == null ? candidate : box;
      if (taken.stream().noneMatch(candidate::intersects)) {
        box = candidate;
        break;
      }
    }
    if (box == null) {
      int top = Math.clamp(tops[0], 0, Math.max(0, height - size.height));
      box = new Rectangle(inside(left, size.width), top, size.width, size.height);
    }
    write(text, box, colour);
  }

  /** The left edge, moved so that all of a length is inside of the picture. */
  int inside(int left, int length) {
    return Math.clamp(left, 0, Math.max(0, width - length));
  }

  /** Writes a text on a black background. */
  void write(String text, Rectangle box, Color colour) {
    FontMetrics metrics = metrics();
    graphics.setColor(Color.BLACK);
    graphics.fill(box);
    graphics.setColor(colour);
    graphics.drawString(text, box.x + 3 * scale, (float) box.y + metrics.getAscent());
    taken.add(box);
  }

  /** A label that is wider than the picture loses its end. */
  private String fitting(String label) {
    if (size(label).width <= width) {
      return label;
    }
    int length = label.length();
    while (length > 0 && size(label.substring(0, length) + CUT).width > width) {
      length = label.offsetByCodePoints(length, -1);
    }
    return label.substring(0, length) + CUT;
  }
}
