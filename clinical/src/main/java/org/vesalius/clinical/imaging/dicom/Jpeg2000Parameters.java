package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Coding parameters of a JPEG 2000 image, or of a tile that changes them (T.800 A.6). */
final class Jpeg2000Parameters {
  private static final int CAP = 0x50;
  private static final int COD = 0x52;
  private static final int COC = 0x53;
  private static final int QCD = 0x5c;
  private static final int QCC = 0x5d;
  private static final int RGN = 0x5e;
  private static final int POC = 0x5f;
  private static final int PPM = 0x60;
  private static final int PPT = 0x61;

  /** Each goes over the whole tile. */
  private static final int MAX_PROGRESSIONS = 32;

  final Jpeg2000Style[] styles;

  /** Whether a component has its own coding style or quantization. */
  private final boolean[] ownCoding;

  private final boolean[] ownQuantization;
  int kind;
  int layers;
  boolean transformed;
  boolean startMarkers;
  boolean endMarkers;
  List<Jpeg2000Tile.Progression> progressions = List.of();

  Jpeg2000Parameters(int components) {
    styles = new Jpeg2000Style[components];
    Arrays.fill(styles, Jpeg2000Style.NONE);
    ownCoding = new boolean[components];
    ownQuantization = new boolean[components];
  }

  /** For a tile: what it sets for all goes before what the image sets for one. */
  Jpeg2000Parameters copy() {
    Jpeg2000Parameters copy = new Jpeg2000Parameters(styles.length);
    System.arraycopy(styles, 0, copy.styles, 0, styles.length);
    copy.kind = kind;
    copy.layers = layers;
    copy.transformed = transformed;
    copy.startMarkers = startMarkers;
    copy.endMarkers = endMarkers;
    copy.progressions = progressions;
    return copy;
  }

  /** Takes what a marker segment says. */
  void read(byte[] data, int marker, int at, int end) {
    int count = styles.length;
    int from = at + 4;
    switch (marker) {
      case COD -> {
        if (end - from < 10) {
          throw new CodecException(at, "corrupt: JPEG 2000 coding style");
        }
        int flags = data[from] & 0xff;
        startMarkers = (flags & 2) != 0;
        endMarkers = (flags & 4) != 0;
        kind = data[from + 1] & 0xff;
        layers = u16(data, from + 2);
        transformed = data[from + 4] == 1;
        if (kind > 4 || layers == 0 || (data[from + 4] & 0xfe) != 0) {
          throw new CodecException(at, "corrupt or unsupported JPEG 2000 coding style");
        }
        for (int c = 0; c < count; c++) {
          if (!ownCoding[c]) {
            styles[c] = styles[c].withCoding(data, from + 5, end, (flags & 1) != 0);
          }
        }
      }
      case COC -> {
        int c = component(data, from, end);
        ownCoding[c] = true;
        boolean precincts = end - from > 2 && (data[from + 1] & 1) != 0;
        styles[c] = styles[c].withCoding(data, from + 2, end, precincts);
      }
      case QCD -> {
        for (int c = 0; c < count; c++) {
          if (!ownQuantization[c]) {
            styles[c] = styles[c].withQuantization(data, from, end);
          }
        }
      }
      case QCC -> {
        int c = component(data, from, end);
        ownQuantization[c] = true;
        styles[c] = styles[c].withQuantization(data, from + 1, end);
      }
      case RGN -> {
        int c = component(data, from, end);
        if (end - from < 3 || data[from + 1] != 0 || (data[from + 2] & 0xff) > 28) {
          throw new CodecException(at, "corrupt: JPEG 2000 region of interest");
        }
        styles[c] = styles[c].withRegion(data[from + 2]);
      }
      case POC -> progressions = progressions(data, from, end);
      case CAP, PPM, PPT ->
          throw new CodecException(
              at,
              "JPEG 2000 marker 0x%02x (another part, or packed headers); not supported"
                  .formatted(marker));
      default -> {
        if (data[at] != -1 || marker < 0x4f || marker > 0x6f) {
          throw new CodecException(at, "corrupt: expected a JPEG 2000 marker");
        }
      }
    }
  }

  private int component(byte[] data, int at, int end) {
    int c = end > at ? data[at] & 0xff : 255;
    if (c >= styles.length) {
      throw new CodecException(at, "corrupt: a JPEG 2000 component that is not there");
    }
    return c;
  }

  private static List<Jpeg2000Tile.Progression> progressions(byte[] data, int from, int end) {
    List<Jpeg2000Tile.Progression> found = new ArrayList<>();
    for (int at = from; end - at >= 7; at += 7) {
      int toComponent = data[at + 5] & 0xff;
      int kind = data[at + 6] & 0xff;
      if (kind > 4 || found.size() == MAX_PROGRESSIONS) {
        throw new CodecException(at, "corrupt: JPEG 2000 progression");
      }
      found.add(
          new Jpeg2000Tile.Progression(
              kind,
              data[at] & 0xff,
              data[at + 4] & 0xff,
              data[at + 1] & 0xff,
              toComponent == 0 ? 256 : toComponent,
              u16(data, at + 2)));
    }
    return found;
  }

  private static int u16(byte[] data, int at) {
    return (data[at] & 0xff) << 8 | (data[at + 1] & 0xff);
  }
}
