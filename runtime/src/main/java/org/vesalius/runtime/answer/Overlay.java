package org.vesalius.runtime.answer;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * Draws places on their picture: yellow in a black rim, to be seen on dark and bright, the labels
 * beside them. Needs no display.
 */
public final class Overlay {
  private static final Color COLOUR = new Color(255, 214, 0);
  private static final float LINE = 2;
  private static final float RIM = 4;
  private static final double POINT_RADIUS = 4;
  private static final int FONT_SIZE = 14;

  private Overlay() {}

  /**
   * Draws.
   *
   * @param picture the upright source picture
   * @param index of the picture in the conversation, from 0; places in others and in no certain
   *     picture are left out
   */
  public static BufferedImage draw(RasterImage picture, int index, List<? extends Region> regions) {
    BufferedImage canvas = canvas(picture);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    // Coordinates are continuous already; without this lines are moved by half a pixel.
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    for (Region region : regions) {
      if (region.image().isPresent() && region.image().getAsInt() == index) {
        Shape outline = outline(region);
        graphics.setColor(Color.BLACK);
        graphics.setStroke(new BasicStroke(RIM));
        graphics.draw(outline);
        graphics.setColor(COLOUR);
        graphics.setStroke(new BasicStroke(LINE));
        graphics.draw(outline);
        if (!region.label().isBlank()) {
          label(graphics, outline.getBounds2D(), region.label().strip());
        }
      }
    }
    graphics.dispose();
    return canvas;
  }

  /**
   * Draws and writes a PNG.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public static void write(
      RasterImage picture, int index, List<? extends Region> regions, Path to) {
    BufferedImage canvas = draw(picture, index, regions);
    try (OutputStream out = Files.newOutputStream(to)) {
      ImageIO.write(canvas, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + to + " cannot be written: " + e, e);
    }
  }

  private static BufferedImage canvas(RasterImage picture) {
    byte[] rgb = picture.copyRgb();
    BufferedImage canvas =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0, in = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++, in += 3) {
        canvas.setRGB(
            x, y, (rgb[in] & 0xff) << 16 | (rgb[in + 1] & 0xff) << 8 | (rgb[in + 2] & 0xff));
      }
    }
    return canvas;
  }

  private static Shape outline(Region region) {
    return switch (region) {
      case Region.Box box ->
          new Rectangle2D.Double(box.x0(), box.y0(), box.x1() - box.x0(), box.y1() - box.y0());
      case Region.Point point ->
          new Ellipse2D.Double(
              point.x() - POINT_RADIUS,
              point.y() - POINT_RADIUS,
              2 * POINT_RADIUS,
              2 * POINT_RADIUS);
      case Region.Polygon polygon -> {
        Path2D path = new Path2D.Double();
        Region.Corner first = polygon.corners().getFirst();
        path.moveTo(first.x(), first.y());
        polygon.corners().forEach(corner -> path.lineTo(corner.x(), corner.y()));
        path.closePath();
        yield path;
      }
    };
  }

  private static void label(Graphics2D graphics, Rectangle2D place, String label) {
    try {
      graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, FONT_SIZE));
      var metrics = graphics.getFontMetrics();
      int height = metrics.getHeight();
      boolean above = place.getMinY() >= height + RIM;
      int x = (int) place.getMinX();
      int y = (int) (above ? place.getMinY() - RIM - height : place.getMaxY() + RIM);
      graphics.setColor(Color.BLACK);
      graphics.fillRect(x - 2, y, metrics.stringWidth(label) + 6, height);
      graphics.setColor(COLOUR);
      graphics.drawString(label, x + 1, y + metrics.getAscent());
    } catch (RuntimeException | LinkageError | InternalError e) {
      // A small system may have no fonts at all; the outline says enough then.
      System.getLogger("org.vesalius.runtime").log(System.Logger.Level.DEBUG, "no label drawn", e);
    }
  }
}
