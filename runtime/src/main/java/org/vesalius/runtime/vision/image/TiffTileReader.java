package org.vesalius.runtime.vision.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Decodes the tiles of one page of a TIFF file.
 *
 * <p>A tile goes to the decoder as a picture of its own: a TIFF file in memory with the tags that
 * say how it is coded. So every compression that the decoder knows can be read, whatever the size
 * of the whole. Where each colour has planes of its own, these are decoded as greys.
 */
final class TiffTileReader {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int PHOTOMETRIC = 262;
  private static final int SAMPLES = 277;
  private static final int PLANAR = 284;
  private static final int PREDICTOR = 317;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final int EXTRA_SAMPLES = 338;
  private static final int SAMPLE_FORMAT = 339;
  private static final int JPEG_TABLES = 347;

  private static final int ONE_AFTER_THE_OTHER = 2;
  private static final int GREY = 1;
  private static final int RGB = 2;
  private static final int MULTIPLIED_ALPHA = 1;
  private static final int SHORT = 3;

  /** How samples are coded: bits, compression, colours, predictor, JPEG tables, subsampling. */
  private static final Set<Integer> CODING =
      Set.of(
          BITS,
          TiffTiles.COMPRESSION,
          PHOTOMETRIC,
          SAMPLES,
          PLANAR,
          PREDICTOR,
          320,
          EXTRA_SAMPLES,
          SAMPLE_FORMAT,
          JPEG_TABLES,
          529,
          530,
          531,
          532);

  /** Those of them that say the same of one plane as of all. */
  private static final Set<Integer> CODING_OF_PLANE =
      Set.of(TiffTiles.COMPRESSION, PREDICTOR, JPEG_TABLES);

  private static final int MOST_TAG_BYTES = 1 << 20;
  private static final int MOST_TILE_BYTES = 1 << 28;

  /** A decoder believes no file that says it is this many times as long. */
  private static final int EXPANSION = 256;

  private final FileChannel channel;
  private final String name;
  private final TiffDirectory directory;
  private final TiffTiles.Page page;
  private final TileDecoder decoder;
  private final TileDecoder.Coding coding;
  private final int planes;

  /**
   * The tiles of a page.
   *
   * @param name of the file, for messages
   * @throws IOException if their coding is damaged
   * @throws ImageFormatException if it is not supported
   */
  TiffTileReader(
      FileChannel channel,
      String name,
      TiffDirectory directory,
      TiffTiles.Page page,
      TileDecoder decoder)
      throws IOException {
    this.channel = channel;
    this.name = name;
    this.directory = directory;
    this.page = page;
    this.decoder = decoder;
    int samples = (int) number(SAMPLES, 1);
    int photometric = (int) number(PHOTOMETRIC, GREY);
    boolean apart = samples > 1 && number(PLANAR, 1) == ONE_AFTER_THE_OTHER;
    if (apart
        && (photometric != RGB || samples < 3 || number(EXTRA_SAMPLES, 0) == MULTIPLIED_ALPHA)) {
      throw new ImageFormatException(
          name,
          TiffTiles.FORMAT,
          "planes of their own for each colour: expected red, green and blue, not multiplied by alpha, found %d planes of photometric interpretation %d; convert it to interleaved colours"
              .formatted(samples, photometric));
    }
    planes = apart ? 3 : 1;
    coding =
        new TileDecoder.Coding(
            page.compression(),
            apart ? GREY : photometric,
            apart ? 1 : samples,
            page.tileWidth(),
            page.tileHeight());
  }

  private long number(int tag, long missing) throws IOException {
    return directory.number(channel, tag, 0).orElse(missing);
  }

  /** A tile by its place in the grid. */
  RasterImage read(int column, int row) throws IOException {
    long across = Math.ceilDiv(page.width(), page.tileWidth());
    long number = row * across + column;
    String place = "tile " + column + ", " + row;
    if (planes == 1) {
      return decode(number, place);
    }
    byte[] rgb = new byte[Math.multiplyExact(planes, coding.width() * coding.height())];
    long tiles = across * Math.ceilDiv(page.height(), page.tileHeight());
    for (int plane = 0; plane < planes; plane++) {
      interleave(decode(plane * tiles + number, place + ", plane " + (plane + 1)), plane, rgb);
    }
    return RasterImage.wrap(RasterImage.Samples.RGB8, coding.width(), coding.height(), rgb);
  }

  /** Wide colours are reduced to their high byte, as where they are interleaved. */
  private static void interleave(RasterImage plane, int colour, byte[] rgb) {
    boolean wide = plane.samples() == RasterImage.Samples.GRAY16;
    for (int i = 0, to = colour; to < rgb.length; i++, to += 3) {
      rgb[to] = wide ? (byte) (plane.chars()[i] >> 8) : plane.bytes()[i];
    }
  }

  private RasterImage decode(long number, String place) throws IOException {
    byte[] coded = coded(number, place);
    RasterImage tile = decoded(coded, place);
    boolean grey = tile.samples() != RasterImage.Samples.RGB8;
    if (tile.width() != coding.width()
        || tile.height() != coding.height()
        || (planes > 1 && !grey)) {
      throw new IOException(
          "%s: expected %dx%d pixels%s, found %dx%d of %s"
              .formatted(
                  place,
                  coding.width(),
                  coding.height(),
                  planes > 1 ? " of one colour" : "",
                  tile.width(),
                  tile.height(),
                  tile.samples()));
    }
    return tile;
  }

  private byte[] coded(long number, String place) throws IOException {
    long at = directory.number(channel, TILE_OFFSETS, number).orElse(0);
    long length = directory.number(channel, TILE_BYTES, number).orElse(0);
    if (at < 1 || length < 1 || length > MOST_TILE_BYTES) {
      throw new IOException(
          "%s: expected its bytes, found %d at byte %d".formatted(place, length, at));
    }
    return TiffDirectory.bytes(channel, at, (int) length);
  }

  private RasterImage decoded(byte[] coded, String place) throws IOException {
    Optional<RasterImage> known;
    try {
      known = decoder.decode(coding, coded);
    } catch (IOException e) {
      throw new IOException(place + ": " + e.getMessage(), e);
    }
    return known.isPresent()
        ? known.get()
        : ImageDecoder.decode(alone(coded), name + ": " + place, TiffTiles.MOST_TILE_PIXELS);
  }

  /** A tile as a file of its own: header, directory, values, the coded bytes. */
  private byte[] alone(byte[] coded) throws IOException {
    TiffWriter writer = new TiffWriter(directory.order());
    writer.number(WIDTH, coding.width());
    writer.number(HEIGHT, coding.height());
    for (Map.Entry<Integer, TiffDirectory.Entry> tag : directory.entries().entrySet()) {
      if ((planes > 1 ? CODING_OF_PLANE : CODING).contains(tag.getKey())) {
        copy(writer, tag.getKey(), tag.getValue());
      }
    }
    if (planes > 1) {
      TiffDirectory.Entry bits = directory.entries().get(BITS);
      writer.number(PHOTOMETRIC, GREY);
      writer.number(SAMPLES, 1);
      if (bits != null && bits.type() == SHORT) {
        ByteBuffer first = TiffDirectory.read(channel, bits.at(), 2, directory.order());
        writer.number(BITS, first.getShort(0));
      }
    }
    writer.number(TILE_WIDTH, coding.width());
    writer.number(TILE_HEIGHT, coding.height());
    int pixels = coding.width() * coding.height();
    return writer.file(TILE_OFFSETS, TILE_BYTES, coded, pixels / EXPANSION * 8);
  }

  private void copy(TiffWriter writer, int tag, TiffDirectory.Entry entry) throws IOException {
    if (entry.size() == 0 || entry.count() < 0 || entry.count() > MOST_TAG_BYTES / entry.size()) {
      throw new IOException("tag " + tag + " has " + entry.count() + " values");
    }
    int bytes = (int) entry.count() * entry.size();
    byte[] values = TiffDirectory.bytes(channel, entry.at(), bytes);
    writer.values(tag, entry.type(), (int) entry.count(), values);
  }
}
