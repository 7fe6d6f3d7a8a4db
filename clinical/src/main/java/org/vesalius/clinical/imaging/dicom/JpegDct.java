package org.vesalius.clinical.imaging.dicom;

/** Baseline, extended and progressive JPEG (T.81 F and G) of 8 and 12 bits. */
final class JpegDct implements JpegDecoder.JpegScans {
  /** Where each coefficient of the zigzag order lies in a block (T.81 figure A.6). */
  static final int[] NATURAL = {
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63
  };

  /** The coefficients of one component, in blocks that cover whole units of the picture. */
  private static final class Plane {
    final int across;
    final int down;

    /** Samples that count. */
    final int width;

    final int height;

    /** Blocks in a row, and those that a scan of this component alone holds. */
    final int stride;

    final int blocksAcross;
    final int blocksDown;
    final int table;
    final short[] coefficients;
    boolean read;
    int predictor;

    Plane(
        JpegDecoder.Component component,
        int width,
        int height,
        int maxAcross,
        int maxDown,
        int unitsAcross,
        int unitsDown) {
      this.across = component.across();
      this.down = component.down();
      this.table = component.table();
      this.width = Math.ceilDiv(width * across, maxAcross);
      this.height = Math.ceilDiv(height * down, maxDown);
      this.blocksAcross = Math.ceilDiv(this.width, 8);
      this.blocksDown = Math.ceilDiv(this.height, 8);
      this.stride = unitsAcross * across;
      this.coefficients = new short[64 * stride * unitsDown * down];
    }
  }

  private final int width;
  private final int height;
  private final int precision;
  private final boolean progressive;
  private final int maxAcross;
  private final int maxDown;
  private final int unitsAcross;
  private final int unitsDown;
  private final Plane[] planes;

  /** Blocks without further coefficients in the band of a progressive scan. */
  private int endOfBandRun;

  JpegDct(
      int bytes,
      int width,
      int height,
      int precision,
      JpegDecoder.Component[] components,
      boolean progressive) {
    this.width = width;
    this.height = height;
    this.precision = precision;
    this.progressive = progressive;
    int widest = 1;
    int highest = 1;
    int perUnit = 0;
    for (JpegDecoder.Component component : components) {
      widest = Math.max(widest, component.across());
      highest = Math.max(highest, component.down());
      perUnit += component.across() * component.down();
    }
    this.maxAcross = widest;
    this.maxDown = highest;
    this.unitsAcross = Math.ceilDiv(width, 8 * widest);
    this.unitsDown = Math.ceilDiv(height, 8 * highest);
    // A block takes a bit or more in some scan; those beyond the picture may not be stored.
    long blocks = (long) Math.ceilDiv(width, 8) * Math.ceilDiv(height, 8);
    if (blocks > 8L * bytes
        || (long) unitsAcross * unitsDown * perUnit * 64 > Integer.MAX_VALUE - 8) {
      throw new CodecException(
          0, "truncated: %d bytes of JPEG cannot hold %d blocks".formatted(bytes, blocks));
    }
    this.planes = new Plane[components.length];
    for (int c = 0; c < planes.length; c++) {
      planes[c] = new Plane(components[c], width, height, widest, highest, unitsAcross, unitsDown);
    }
  }

  @Override
  public void read(JpegDecoder.Scan scan, JpegBits bits) {
    check(scan, bits);
    int[] components = scan.components();
    for (int c : components) {
      planes[c].read = true;
    }
    boolean alone = components.length == 1;
    Plane only = planes[components[0]];
    int across = alone ? only.blocksAcross : unitsAcross;
    int units = across * (alone ? only.blocksDown : unitsDown);
    resetPredictors();
    for (int unit = 0; unit < units; unit++) {
      if (scan.restartInterval() > 0 && unit > 0 && unit % scan.restartInterval() == 0) {
        bits.restart((unit / scan.restartInterval() - 1) & 7);
        resetPredictors();
      }
      int x = unit % across;
      int y = unit / across;
      if (alone) {
        readBlock(scan, 0, only, (y * only.stride + x) * 64, bits);
        continue;
      }
      for (int i = 0; i < components.length; i++) {
        Plane plane = planes[components[i]];
        for (int v = 0; v < plane.down; v++) {
          for (int h = 0; h < plane.across; h++) {
            int block = (y * plane.down + v) * plane.stride + x * plane.across + h;
            readBlock(scan, i, plane, block * 64, bits);
          }
        }
      }
    }
  }

  private void check(JpegDecoder.Scan scan, JpegBits bits) {
    // Without progression the parameters mean nothing, and some encoders write anything.
    boolean sound =
        !progressive
            || (scan.end() <= 63
                && scan.start() <= scan.end()
                && (scan.start() > 0 ? scan.components().length == 1 : scan.end() == 0)
                && scan.low() <= 13
                && (scan.high() == 0 || scan.high() == scan.low() + 1));
    for (int c : scan.components()) {
      // Without progression a component has one scan; the first of a progressive one is DC.
      sound &= progressive ? planes[c].read || scan.start() == 0 : !planes[c].read;
    }
    if (!sound) {
      throw new CodecException(bits.position(), "corrupt: parameters of a JPEG scan");
    }
  }

  private void resetPredictors() {
    endOfBandRun = 0;
    for (Plane plane : planes) {
      plane.predictor = 0;
    }
  }

  private void readBlock(JpegDecoder.Scan scan, int i, Plane plane, int at, JpegBits bits) {
    if (!progressive) {
      readDc(scan.dc()[i], plane, at, 0, bits);
      readAc(scan.ac()[i], plane.coefficients, at, bits);
    } else if (scan.start() == 0) {
      if (scan.high() == 0) {
        readDc(scan.dc()[i], plane, at, scan.low(), bits);
      } else if (bits.take(1) == 1) {
        plane.coefficients[at] |= (short) (1 << scan.low());
      }
    } else if (scan.high() == 0) {
      readBand(scan, scan.ac()[i], plane.coefficients, at, bits);
    } else {
      refineBand(scan, scan.ac()[i], plane.coefficients, at, bits);
    }
  }

  private static void readDc(HuffmanTable table, Plane plane, int at, int low, JpegBits bits) {
    int category = table.decode(bits);
    if (category > 16) {
      throw new CodecException(bits.position(), "corrupt: a difference of more than 16 bits");
    }
    plane.predictor += bits.receive(category);
    plane.coefficients[at] = (short) (plane.predictor << low);
  }

  private static void readAc(HuffmanTable table, short[] block, int at, JpegBits bits) {
    for (int k = 1; k < 64; k++) {
      int symbol = table.decode(bits);
      int run = symbol >> 4;
      int category = symbol & 15;
      if (category == 0) {
        if (run < 15) {
          return;
        }
        k += 15;
        continue;
      }
      k += run;
      if (k > 63) {
        throw new CodecException(bits.position(), "corrupt: more than 64 coefficients in a block");
      }
      block[at + NATURAL[k]] = (short) bits.receive(category);
    }
  }

  private void readBand(
      JpegDecoder.Scan scan, HuffmanTable table, short[] block, int at, JpegBits bits) {
    if (endOfBandRun > 0) {
      endOfBandRun--;
      return;
    }
    for (int k = scan.start(); k <= scan.end(); k++) {
      int symbol = table.decode(bits);
      int run = symbol >> 4;
      int category = symbol & 15;
      if (category == 0) {
        if (run < 15) {
          endOfBandRun = (1 << run) - 1 + bits.take(run);
          return;
        }
        k += 15;
        continue;
      }
      k += run;
      if (k > scan.end()) {
        throw new CodecException(bits.position(), "corrupt: a coefficient outside of its band");
      }
      block[at + NATURAL[k]] = (short) (bits.receive(category) << scan.low());
    }
  }

  /** One more bit of what is known to be non-zero, and what becomes so (T.81 G.1.2.3). */
  private void refineBand(
      JpegDecoder.Scan scan, HuffmanTable table, short[] block, int at, JpegBits bits) {
    int bit = 1 << scan.low();
    int k = scan.start();
    while (k <= scan.end() && endOfBandRun == 0) {
      int symbol = table.decode(bits);
      int run = symbol >> 4;
      int category = symbol & 15;
      int value = 0;
      if (category == 1) {
        value = bits.take(1) == 1 ? bit : -bit;
      } else if (category != 0) {
        throw new CodecException(bits.position(), "corrupt: a refinement of more than one bit");
      } else if (run < 15) {
        endOfBandRun = (1 << run) + bits.take(run);
        break;
      }
      for (; k <= scan.end(); k++) {
        int place = at + NATURAL[k];
        if (block[place] != 0) {
          refine(block, place, bit, bits);
        } else if (run-- == 0) {
          if (value != 0) {
            block[place] = (short) value;
          }
          k++;
          break;
        }
      }
    }
    if (endOfBandRun > 0) {
      for (; k <= scan.end(); k++) {
        int place = at + NATURAL[k];
        if (block[place] != 0) {
          refine(block, place, bit, bits);
        }
      }
      endOfBandRun--;
    }
  }

  private static void refine(short[] block, int at, int bit, JpegBits bits) {
    if (bits.take(1) == 1 && (block[at] & bit) == 0) {
      block[at] += (short) (block[at] >= 0 ? bit : -bit);
    }
  }

  @Override
  public boolean isComplete() {
    for (Plane plane : planes) {
      if (!plane.read) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int[] samples(int[][] quantization) {
    int[] samples = new int[width * height * planes.length];
    InverseDct dct = new InverseDct(precision);
    for (int c = 0; c < planes.length; c++) {
      Plane plane = planes[c];
      int[] steps = quantization[plane.table];
      if (steps == null) {
        throw new CodecException(0, "corrupt: a JPEG component without quantization table");
      }
      int stride = 8 * plane.stride;
      short[] values = new short[plane.coefficients.length];
      for (int y = 0; y < plane.blocksDown; y++) {
        for (int x = 0; x < plane.blocksAcross; x++) {
          int block = 64 * (y * plane.stride + x);
          dct.apply(plane.coefficients, block, steps, values, 8 * (y * stride + x), stride);
        }
      }
      new ChromaUpsampling(values, stride, plane.width, plane.height)
          .write(
              samples,
              c,
              planes.length,
              width,
              height,
              maxAcross,
              plane.across,
              maxDown,
              plane.down);
    }
    return samples;
  }
}
