package org.vesalius.runtime.answer;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Rectangle;
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
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.vision.image.RasterImage;

/**
 * Draws places on their picture: yellow in a black rim, to be seen on dark and bright, the labels
 * beside them. Lines and letters grow with the picture; a tiny picture is enlarged, since nothing
 * could be read on it. Needs no display.
 */
public final class Overlay {
  private static final Color COLOUR = new Color(255, 214, 0);
  private static final float LINE = 2;
  private static final float RIM = 4;
  private static final double POINT_RADIUS = 4;

  /** Pictures whose longer side is shorter than this are enlarged... */
  private static final int TINY = 192;

  /** ...to at least this, by a whole factor. */
  private static final int ENLARGED = 384;

  /** The side of a square up to whose area lines have their plain width. */
  private static final double PLAIN = 650;

  /** The longest bar, as a share of the picture's width. */
  private static final double BAR = 0.25;

  private Overlay() {}

  /**
   * Draws.
   *
   * @param picture the upright source picture
   * @param index of the picture in the conversation, from 0; places in others and in no certain
   *     picture are left out
   */
  public static BufferedImage draw(RasterImage picture, int index, List<? extends Region> regions) {
    return draw(picture, index, regions, null);
  }

  /**
   * Draws.
   *
   * @param picture the upright source picture
   * @param index of the picture in the conversation, from 0; places in others and in no certain
   *     picture are left out
   * @param bar drawn at the bottom, or null
   */
  public static BufferedImage draw(
      RasterImage picture, int index, List<? extends Region> regions, @Nullable ScaleBar bar) {
    int longer = Math.max(picture.width(), picture.height());
    int zoom = longer < TINY ? Math.ceilDiv(ENLARGED, longer) : 1;
    BufferedImage canvas = canvas(picture, zoom);
    double side = Math.sqrt((double) picture.width() * picture.height());
    float scale = (float) Math.max(1, side * zoom / PLAIN);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    // Coordinates are continuous already; without this lines are moved by half a pixel.
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    OverlayText text = new OverlayText(graphics, canvas.getWidth(), canvas.getHeight(), scale);
    List<Region> drawn = new ArrayList<>();
    for (Region region : regions) {
      if (region.image().isPresent() && region.image().getAsInt() == index) {
        drawn.add(region);
        line(graphics, outline(region, zoom, scale), scale);
      }
    }
    if (bar != null) {
      bar(graphics, text, bar, canvas, zoom, scale);
    }
    for (Region region : drawn) {
      if (!region.label().isBlank()) {
        Rectangle2D place = outline(region, zoom, scale).getBounds2D();
        written(() -> text.label(place, oneLine(region.label()), COLOUR, RIM * scale));
      }
    }
    graphics.dispose();
    return canvas;
  }

  private static void line(Graphics2D graphics, Shape outline, float scale) {
    graphics.setColor(Color.BLACK);
    graphics.setStroke(new BasicStroke(RIM * scale));
    graphics.draw(outline);
    graphics.setColor(COLOUR);
    graphics.setStroke(new BasicStroke(LINE * scale));
    graphics.draw(outline);
  }

  /** A model may write anything, control characters too. */
  private static String oneLine(String label) {
    return label.strip().replaceAll("\\p{Cntrl}+", " ");
  }

  private static void bar(
      Graphics2D graphics,
      OverlayText text,
      ScaleBar bar,
      BufferedImage canvas,
      int zoom,
      float scale) {
    double millimetres = bar.millimetres(BAR * canvas.getWidth() / zoom);
    double length = millimetres / bar.millimetresPerPixel() * zoom;
    double thickness = RIM * scale;
    double x = 3 * thickness;
    double y = canvas.getHeight() - 4 * thickness;
    graphics.setColor(Color.BLACK);
    graphics.fill(
        new Rectangle2D.Double(x - scale, y - scale, length + 2 * scale, thickness + 2 * scale));
    graphics.setColor(Color.WHITE);
    graphics.fill(new Rectangle2D.Double(x, y, length, thickness));
    text.take(
        new Rectangle((int) x, (int) y, (int) Math.ceil(length), canvas.getHeight() - (int) y));
    written(() -> {
      String label = bar.text(millimetres);
      Rectangle box = text.size(label);
      box.setLocation(
          text.inside((int) Math.floor(x - scale), box.width),
          (int) Math.floor(y - 2 * scale) - box.height);
      text.write(label, box, Color.WHITE);
    });
  }

  /** A small system may have no fonts at all; outlines say enough then. */
  private static void written(Runnable writing) {
    try {
      writing.run();
    } catch (RuntimeException | LinkageError | InternalError e) {
      System.getLogger("org.vesalius.runtime").log(System.Logger.Level.DEBUG, "no label drawn", e);
    }
  }

  /**
   * Draws and writes a PNG.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public static void write(
      RasterImage picture, int index, List<? extends Region> regions, Path to) {
    write(picture, index, regions, null, to);
  }

  /**
   * Draws and writes a PNG.
   *
   * @param bar drawn at the bottom, or null
   * @throws UncheckedIOException if it cannot be written
   */
  public static void write(
      RasterImage picture,
      int index,
      List<? extends Region> regions,
      @Nullable ScaleBar bar,
      Path to) {
    BufferedImage canvas = draw(picture, index, regions, bar);
    try (OutputStream out = Files.newOutputStream(to)) {
      ImageIO.write(canvas, "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + to + " cannot be written: " + e, e);
    }
  }

  private static BufferedImage canvas(RasterImage picture, int zoom) {
    byte[] rgb = picture.copyRgb();
    int width = picture.width() * zoom;
    int height = picture.height() * zoom;
    BufferedImage canvas = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int in = 3 * (y / zoom * picture.width() + x / zoom);
        row[x] = (rgb[in] & 0xff) << 16 | (rgb[in + 1] & 0xff) << 8 | (rgb[in + 2] & 0xff);
      }
      canvas.setRGB(0, y, width, 1, row, 0, width);
    }
    return canvas;
  }

  private static Shape outline(Region region, int zoom, float scale) {
    double radius = POINT_RADIUS * scale;
    return switch (region) {
      case Region.Box box ->
          new Rectangle2D.Double(
              zoom * box.x0(),
              zoom * box.y0(),
              zoom * (box.x1() - box.x0()),
              zoom * (box.y1() - box.y0()));
      case Region.Point point ->
          new Ellipse2D.Double(
              zoom * point.x() - radius, zoom * point.y() - radius, 2 * radius, 2 * radius);
      case Region.Polygon polygon -> {
        Path2D path = new Path2D.Double();
        Region.Corner first = polygon.corners().getFirst();
        path.moveTo(zoom * first.x(), zoom * first.y());
        polygon.corners().forEach(corner -> path.lineTo(zoom * corner.x(), zoom * corner.y()));
        path.closePath();
        yield path;
      }
    };
  }
}
