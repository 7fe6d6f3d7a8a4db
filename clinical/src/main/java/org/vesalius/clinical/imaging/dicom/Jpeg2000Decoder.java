package org.vesalius.clinical.imaging.dicom;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.TreeMap;

/**
 * JPEG 2000 part 1 (ITU-T T.800), reversible and irreversible. What belongs to other parts and
 * packed packet headers are refused; colours of lower resolution too, but for tiles of slides.
 *
 * <p>Written here and not taken from {@code javax.imageio}: the one library there (JJ2000) decodes
 * streams of several layers in resolution order to wrong pixels, and answers broken streams with
 * whatever it has.
 */
final class Jpeg2000Decoder {
  private static final int SOC = 0x4f;
  private static final int SIZ = 0x51;
  private static final int SOT = 0x90;
  private static final int SOD = 0x93;
  private static final int EOC = 0xd9;

  /** Nothing real is flatter than this many samples in a byte. */
  private static final long MAX_SAMPLES_PER_BYTE = 1 << 16;

  private static final long SMALL = 1 << 20;

  /** A tile's parameters and the data of its parts. */
  private record TileData(int start, Jpeg2000Parameters parameters, ByteArrayOutputStream body) {}

  private final byte[] data;
  private final ImagePixels pixels;
  private final TreeMap<Integer, TileData> tiles = new TreeMap<>();
  private int x0;
  private int y0;
  private int x1;
  private int y1;
  private int tileX0;
  private int tileY0;
  private int tileWidth;
  private int tileHeight;
  private int tilesAcross;
  private int tileCount;
  private int precision;
  private final boolean ofSlide;
  private int[] precisions = {};
  private Jpeg2000Tile.Sampling[] samplings = {};
  private boolean[] signed = {};

  private Jpeg2000Decoder(byte[] data, ImagePixels pixels, boolean ofSlide) {
    this.data = data;
    this.pixels = pixels;
    this.ofSlide = ofSlide;
  }

  static DecodedFrame decode(byte[] data, ImagePixels pixels) {
    return new Jpeg2000Decoder(data, pixels, false).decode();
  }

  /** A tile of a slide: its colours may be of lower resolution, its samples have no sign. */
  static DecodedFrame decodeOfSlide(byte[] data, ImagePixels pixels) {
    return new Jpeg2000Decoder(data, pixels, true).decode();
  }

  private DecodedFrame decode() {
    Jpeg2000Parameters image = readHeaders(startOfCodestream());
    if (tiles.size() != tileCount) {
      throw new CodecException(
          data.length,
          "truncated: expected %d JPEG 2000 tiles, found %d".formatted(tileCount, tiles.size()));
    }
    int count = pixels.samplesPerPixel();
    int[] samples = new int[pixels.samples()];
    boolean converted = count == 3;
    for (var entry : tiles.entrySet()) {
      converted &= entry.getValue().parameters.transformed;
      try {
        decodeTile(entry.getKey(), entry.getValue(), samples);
      } catch (CodecException e) {
        // Positions in a tile count its own bytes.
        throw new CodecException(
            entry.getValue().start, "tile " + entry.getKey() + ": " + e.problem());
      }
    }
    if (converted != (image.transformed && count == 3)) {
      throw new CodecException(0, "JPEG 2000 tiles of different colours; not supported");
    }
    return new DecodedFrame(pixels.columns(), pixels.rows(), count, precision, converted, samples);
  }

  /** Some writers put a whole JP2 file into a frame; its codestream is what counts. */
  private int startOfCodestream() {
    int at = 0;
    while (data.length - at >= 8 && !(data[at] == -1 && (data[at + 1] & 0xff) == SOC)) {
      long size = u32(at) & 0xffff_ffffL;
      if (u32(at + 4) == 0x6a703263) { // "jp2c"
        return at + (size == 1 ? 16 : 8);
      }
      if (size < 8 || size > data.length - at) {
        break;
      }
      at += (int) size;
    }
    if (data.length - at < 4 || u16(at) != (0xff00 | SOC)) {
      throw new CodecException(
          at, "corrupt: expected a JPEG 2000 codestream, found something else");
    }
    return at;
  }

  private Jpeg2000Parameters readHeaders(int start) {
    int at = start + 2;
    if (data.length - at < 4 || u16(at) != (0xff00 | SIZ)) {
      throw new CodecException(at, "corrupt: expected the size of a JPEG 2000 image");
    }
    readSize(at + 2, segmentEnd(at));
    at = segmentEnd(at);
    Jpeg2000Parameters image = new Jpeg2000Parameters(pixels.samplesPerPixel());
    while (true) {
      if (data.length - at < 2) {
        return image;
      }
      int marker = data[at] == -1 ? data[at + 1] & 0xff : 0;
      if (marker == EOC) {
        return image;
      }
      int end = segmentEnd(at);
      if (marker == SOT) {
        at = readTilePart(image, at);
      } else {
        image.read(data, marker, at, end);
        at = end;
      }
    }
  }

  private int segmentEnd(int at) {
    int size = data.length - at >= 4 && data[at] == -1 ? u16(at + 2) : 0;
    if (size < 2 || size > data.length - at - 2) {
      throw new CodecException(at, "truncated: a JPEG 2000 marker segment");
    }
    return at + 2 + size;
  }

  private void readSize(int at, int end) {
    int count = pixels.samplesPerPixel();
    if (end - at < 38 || end - at != 38 + 3 * u16(at + 36) || u16(at + 36) != count) {
      throw new CodecException(
          at, "expected the size of a JPEG 2000 image of %d components".formatted(count));
    }
    if ((u16(at + 2) & 0xc000) != 0) {
      throw new CodecException(at, "parts of JPEG 2000 beyond the first; not supported");
    }
    x1 = u32(at + 4);
    y1 = u32(at + 8);
    x0 = u32(at + 12);
    y0 = u32(at + 16);
    tileWidth = u32(at + 20);
    tileHeight = u32(at + 24);
    tileX0 = u32(at + 28);
    tileY0 = u32(at + 32);
    int limit = 1 << 24;
    boolean sound =
        x0 >= 0
            && y0 >= 0
            && x1 < limit
            && y1 < limit
            && x1 - x0 == pixels.columns()
            && y1 - y0 == pixels.rows()
            && tileX0 >= 0
            && tileY0 >= 0
            && tileX0 <= x0
            && tileY0 <= y0
            && tileWidth > 0
            && tileHeight > 0
            && (long) tileX0 + tileWidth > x0
            && (long) tileY0 + tileHeight > y0;
    if (!sound) {
      throw new CodecException(
          at,
          "expected %d rows and %d columns as the elements say, found %d and %d; or corrupt tiles"
              .formatted(pixels.rows(), pixels.columns(), (long) y1 - y0, (long) x1 - x0));
    }
    precisions = new int[count];
    signed = new boolean[count];
    samplings = new Jpeg2000Tile.Sampling[count];
    for (int c = 0; c < count; c++) {
      int depth = data[at + 38 + 3 * c] & 0xff;
      precisions[c] = (depth & 0x7f) + 1;
      signed[c] = depth >= 0x80;
      precision = Math.max(precision, precisions[c]);
      samplings[c] =
          new Jpeg2000Tile.Sampling(data[at + 39 + 3 * c] & 0xff, data[at + 40 + 3 * c] & 0xff);
      check(samplings[c], signed[c], at);
    }
    if (precision > Math.min(pixels.allocated(), 24)) {
      throw new CodecException(
          at,
          "expected samples of at most %d bits, found %d"
              .formatted(Math.min(pixels.allocated(), 24), precision));
    }
    tilesAcross = Math.ceilDiv(x1 - tileX0, tileWidth);
    long tilesInAll = (long) tilesAcross * Math.ceilDiv(y1 - tileY0, tileHeight);
    if (tilesInAll * 14 > data.length
        || pixels.samples() > SMALL + MAX_SAMPLES_PER_BYTE * data.length) {
      throw new CodecException(
          at,
          "truncated: %d bytes of JPEG 2000 for %d tiles, %d samples"
              .formatted(data.length, tilesInAll, pixels.samples()));
    }
    tileCount = (int) tilesInAll;
  }

  private void check(Jpeg2000Tile.Sampling sampling, boolean isSigned, int at) {
    if (!ofSlide && !sampling.equals(Jpeg2000Tile.Sampling.FULL)) {
      throw new CodecException(at, "JPEG 2000 components of lower resolution; not supported");
    }
    int across = sampling.across();
    int down = sampling.down();
    boolean inOneTile =
        isFraction(across)
            && isFraction(down)
            && (x0 | tileX0) % across == 0
            && (y0 | tileY0) % down == 0
            && (tileWidth % across == 0 || (long) tileX0 + tileWidth >= x1)
            && (tileHeight % down == 0 || (long) tileY0 + tileHeight >= y1);
    if (!inOneTile || (ofSlide && isSigned)) {
      throw new CodecException(
          at,
          "expected unsigned JPEG 2000 components of full, half or quarter resolution, each sample in one tile");
    }
  }

  private static boolean isFraction(int factor) {
    return factor == 1 || factor == 2 || factor == 4;
  }

  private int readTilePart(Jpeg2000Parameters image, int start) {
    if (data.length - start < 12) {
      throw new CodecException(start, "truncated: a JPEG 2000 tile");
    }
    int index = u16(start + 4);
    long size = u32(start + 6) & 0xffff_ffffL;
    long end = size == 0 ? data.length : start + size;
    if (index >= tileCount || end > data.length || (size != 0 && size < 14)) {
      throw new CodecException(
          start, "truncated: JPEG 2000 tile %d of %d, %d bytes".formatted(index, tileCount, size));
    }
    if (size == 0 && data[(int) end - 2] == -1 && (data[(int) end - 1] & 0xff) == EOC) {
      end -= 2;
    }
    TileData tile =
        tiles.computeIfAbsent(
            index, _ -> new TileData(start, image.copy(), new ByteArrayOutputStream()));
    int at = start + 12;
    while (data.length - at >= 2 && u16(at) != (0xff00 | SOD)) {
      int next = segmentEnd(at);
      tile.parameters.read(data, data[at + 1] & 0xff, at, next);
      at = next;
    }
    at += 2;
    if (at > end) {
      throw new CodecException(start, "corrupt: a JPEG 2000 tile shorter than its header");
    }
    tile.body.write(data, at, (int) end - at);
    return (int) end;
  }

  private void decodeTile(int index, TileData tile, int[] samples) {
    Jpeg2000Parameters parameters = tile.parameters;
    int left = Math.max(tileX0 + index % tilesAcross * tileWidth, x0);
    int top = Math.max(tileY0 + index / tilesAcross * tileHeight, y0);
    int right = (int) Math.min((long) tileX0 + (index % tilesAcross + 1L) * tileWidth, x1);
    int bottom = (int) Math.min((long) tileY0 + (index / tilesAcross + 1L) * tileHeight, y1);
    int count = parameters.styles.length;
    Jpeg2000Tile.Area area = new Jpeg2000Tile.Area(left, top, right, bottom);
    Jpeg2000Tile.Component[] components = new Jpeg2000Tile.Component[count];
    for (int c = 0; c < count; c++) {
      Jpeg2000Style style = parameters.styles[c];
      if (style.levels() < 0 || style.quantization() < 0) {
        throw new CodecException(0, "corrupt: JPEG 2000 without coding style or quantization");
      }
      components[c] = new Jpeg2000Tile.Component(c, style, area, samplings[c]);
    }
    Jpeg2000Tile packets =
        new Jpeg2000Tile(
            components,
            parameters.layers,
            parameters.startMarkers,
            parameters.endMarkers,
            tile.body.toByteArray());
    List<Jpeg2000Tile.Progression> progressions =
        parameters.progressions.isEmpty()
            ? List.of(new Jpeg2000Tile.Progression(parameters.kind, 0, 33, 0, 256, 65535))
            : parameters.progressions;
    packets.read(progressions);
    new Jpeg2000Samples(components, precisions, signed, parameters.transformed)
        .write(samples, pixels.columns(), left - x0, top - y0);
  }

  private int u16(int at) {
    return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
  }

  private int u32(int at) {
    return u16(at) << 16 | u16(at + 2);
  }
}
