package org.vesalius.clinical.imaging.slide;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;

/**
 * Tiled TIFF files for tests: RGB, with as many different tiles as are given, so that a file of
 * gigapixels has some kilobytes.
 */
public final class TiledTiff {
  /** The side of a tile. */
  public static final int SIDE = 256;

  private TiledTiff() {}

  /** Which of the tiles stands in a place. */
  public interface Layout {
    /** The index of a tile. */
    int tile(int column, int row);
  }

  /**
   * How tiles are coded.
   *
   * @param side of a tile
   * @param planes of each tile: 1, or 3 for colours that lie apart
   * @param encoder of a plane, that pages have as tiles
   * @param tables of JPEG; empty where there are none
   */
  public record Coding(
      int compression,
      int photometric,
      int side,
      int planes,
      UnaryOperator<byte[]> encoder,
      UnaryOperator<byte[]> tables) {
    /** Red, green and blue of each pixel, deflated. */
    public static final Coding DEFLATED =
        new Coding(8, 2, SIDE, 1, TiledTiff::deflated, _ -> new byte[0]);

    /** JPEG with common tables, as slides have them. */
    public static final Coding JPEG =
        new Coding(
            7, 6, SIDE, 1, tile -> segments(jpeg(tile), false), tile -> segments(jpeg(tile), true));

    /** Tiles that are coded already. */
    public static Coding coded(int compression, int photometric, int side, int planes) {
      return new Coding(
          compression, photometric, side, planes, UnaryOperator.identity(), _ -> new byte[0]);
    }
  }

  /** One page; of colours that lie apart it has all tiles of one plane after the other. */
  public record Page(int width, int height, List<byte[]> tiles, Layout layout) {}

  /** A tile of one colour. */
  public static byte[] plain(int red, int green, int blue) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) red;
      rgb[i + 1] = (byte) green;
      rgb[i + 2] = (byte) blue;
    }
    return rgb;
  }

  /** The file, its tiles deflated. */
  public static byte[] of(double pixelsPerCentimetre, Page... pages) {
    return of(pixelsPerCentimetre, Coding.DEFLATED, pages);
  }

  /** The file. */
  public static byte[] of(double pixelsPerCentimetre, Coding coding, Page... pages) {
    int side = coding.side();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(bytes(buffer(8).put((byte) 'I').put((byte) 'I').putShort((short) 42)));
    int[] directories = new int[pages.length];
    int[] next = new int[pages.length];
    for (int p = 0; p < pages.length; p++) {
      Page page = pages[p];
      int[] at = new int[page.tiles().size()];
      int[] size = new int[at.length];
      for (int i = 0; i < at.length; i++) {
        byte[] packed = coding.encoder().apply(page.tiles().get(i));
        at[i] = data.size();
        size[i] = packed.length;
        data.writeBytes(packed);
      }
      int across = Math.ceilDiv(page.width(), side);
      int places = across * Math.ceilDiv(page.height(), side);
      int count = places * coding.planes();
      ByteBuffer offsets = buffer(4 * count);
      ByteBuffer sizes = buffer(4 * count);
      for (int i = 0; i < count; i++) {
        int place = i % places;
        int tile =
            page.layout().tile(place % across, place / across)
                + i / places * (at.length / coding.planes());
        offsets.putInt(at[tile]);
        sizes.putInt(size[tile]);
      }
      int offsetsAt = data.size();
      data.writeBytes(bytes(offsets));
      int sizesAt = data.size();
      data.writeBytes(bytes(sizes));
      int bitsAt = data.size();
      data.writeBytes(bytes(buffer(8).putShort((short) 8).putShort((short) 8).putShort((short) 8)));
      int resolutionAt = data.size();
      data.writeBytes(bytes(buffer(8).putInt((int) (pixelsPerCentimetre * 100)).putInt(100)));
      byte[] tables = coding.tables().apply(page.tiles().getFirst());
      int tablesAt = data.size();
      data.writeBytes(tables);
      directories[p] = data.size();
      int[][] entries = {
        {256, 4, 1, page.width()},
        {257, 4, 1, page.height()},
        {258, 3, 3, bitsAt},
        {259, 3, 1, coding.compression()},
        {262, 3, 1, coding.photometric()},
        {277, 3, 1, 3},
        {282, 5, 1, resolutionAt},
        {283, 5, 1, resolutionAt},
        {284, 3, 1, coding.planes() == 1 ? 1 : 2},
        {296, 3, 1, 3},
        {322, 3, 1, side},
        {323, 3, 1, side},
        {324, 4, count, offsetsAt},
        {325, 4, count, sizesAt},
        {347, 7, tables.length, tablesAt}
      };
      int used = tables.length > 0 ? entries.length : entries.length - 1;
      ByteBuffer directory = buffer(2 + 12 * used + 4);
      directory.putShort((short) used);
      for (int[] entry : Arrays.copyOf(entries, used)) {
        directory.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
        directory.putInt(entry[3]);
      }
      next[p] = directories[p] + 2 + 12 * used;
      data.writeBytes(bytes(directory));
    }
    byte[] file = data.toByteArray();
    ByteBuffer links = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    links.putInt(4, directories[0]);
    for (int p = 0; p + 1 < pages.length; p++) {
      links.putInt(next[p], directories[p + 1]);
    }
    return file;
  }

  private static byte[] jpeg(byte[] rgb) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < SIDE * SIDE; i++) {
      int colour =
          (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | (rgb[3 * i + 2] & 0xff);
      image.setRGB(i % SIDE, i / SIDE, colour);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpg", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** The tables of a JPEG stream, or all but these. */
  private static byte[] segments(byte[] jpeg, boolean tables) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, 2);
    int at = 2;
    while ((jpeg[at + 1] & 0xff) != 0xda) {
      int marker = jpeg[at + 1] & 0xff;
      int length = 2 + ((jpeg[at + 2] & 0xff) << 8 | (jpeg[at + 3] & 0xff));
      boolean table = marker == 0xdb || marker == 0xc4;
      if (table == tables && marker != 0xe0) {
        out.write(jpeg, at, length);
      }
      at += length;
    }
    if (tables) {
      out.write(0xff);
      out.write(0xd9);
    } else {
      out.write(jpeg, at, jpeg.length - at);
    }
    return out.toByteArray();
  }

  /** All of a buffer, what was not written too. */
  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] out = new byte[bytes.length + 100];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }
}
