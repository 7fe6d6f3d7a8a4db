package org.vesalius.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Draws boxes on a picture: yellow in a black rim, to be seen on dark and bright. */
final class BoxDrawing {
  private static final Color COLOUR = new Color(255, 214, 0);
  private static final float LINE = 2;
  private static final float RIM = 4;
  private static final int FONT_SIZE = 14;

  private BoxDrawing() {}

  /**
   * Draws and writes a PNG.
   *
   * @param boxes in pixels of the picture
   */
  static void write(BufferedImage picture, List<Boxes.Box> boxes, Path to) {
    BufferedImage canvas =
        new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.drawImage(picture, 0, 0, null);
    for (Boxes.Box box : boxes) {
      Rectangle2D outline =
          new Rectangle2D.Double(
              box.left(), box.top(), box.right() - box.left(), box.bottom() - box.top());
      graphics.setStroke(new BasicStroke(RIM));
      graphics.setColor(Color.BLACK);
      graphics.draw(outline);
      graphics.setStroke(new BasicStroke(LINE));
      graphics.setColor(COLOUR);
      graphics.draw(outline);
      label(graphics, box);
    }
    graphics.dispose();
    try {
      ImageIO.write(canvas, "png", to.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + to + " cannot be written: " + e, e);
    }
  }

  private static void label(Graphics2D graphics, Boxes.Box box) {
    try {
      graphics.setFont(new Font(Font.SANS_SERIF, Font.BOLD, FONT_SIZE));
      var metrics = graphics.getFontMetrics();
      int height = metrics.getHeight();
      boolean above = box.top() >= height + RIM;
      int x = (int) box.left();
      int y = (int) (above ? box.top() - RIM - height : box.bottom() + RIM);
      graphics.setColor(Color.BLACK);
      graphics.fillRect(x - 2, y, metrics.stringWidth(box.label()) + 6, height);
      graphics.setColor(COLOUR);
      graphics.drawString(box.label(), x + 1, y + metrics.getAscent());
    } catch (RuntimeException | LinkageError | InternalError e) {
      // A small system may have no fonts at all; the box says enough then.
      System.getLogger("org.vesalius.cli").log(System.Logger.Level.DEBUG, "no label drawn", e);
    }
  }
}
