package org.vesalius.clinical.imaging.dicom;

/** Lossless JPEG by prediction (T.81 H): process 14, all seven predictors. */
final class JpegLossless implements JpegDecoder.JpegScans {
  private final int width;
  private final int height;
  private final int precision;
  private final int count;
  private final boolean[] read;
  private final int[] samples;

  JpegLossless(
      int bytes, int width, int height, int precision, JpegDecoder.Component[] components) {
    this.width = width;
    this.height = height;
    this.precision = precision;
    this.count = components.length;
    this.read = new boolean[count];
    for (JpegDecoder.Component component : components) {
      if (count > 1 && (component.across() != 1 || component.down() != 1)) {
        throw new CodecException(
            0, "lossless JPEG with colours of lower resolution; not supported");
      }
    }
    long needed = (long) width * height * count;
    if (needed > 8L * bytes) {
      throw new CodecException(
          0,
          "truncated: %d bytes of lossless JPEG cannot hold %d samples".formatted(bytes, needed));
    }
    this.samples = new int[(int) needed];
  }

  @Override
  public void read(JpegDecoder.Scan scan, JpegBits bits) {
    int predictor = scan.start();
    int shift = scan.low();
    if (predictor < 1
        || predictor > 7
        || scan.end() != 0
        || scan.high() != 0
        || shift >= precision) {
      throw new CodecException(bits.position(), "corrupt: parameters of a lossless JPEG scan");
    }
    for (int c : scan.components()) {
      if (read[c]) {
        throw new CodecException(bits.position(), "corrupt: a JPEG component has two scans");
      }
      read[c] = true;
    }
    int interval = scan.restartInterval();
    if (interval % width != 0) {
      throw new CodecException(
          bits.position(), "corrupt: a restart interval of lossless JPEG inside a row");
    }
    int rows = interval == 0 ? height : interval / width;
    for (int y = 0; y < height; y++) {
      boolean first = y % rows == 0;
      if (first && y > 0) {
        bits.restart((y / rows - 1) & 7);
      }
      readRow(scan, bits, y, first, predictor, shift);
    }
    if (shift > 0) {
      for (int c : scan.components()) {
        for (int i = c; i < samples.length; i += count) {
          samples[i] <<= shift;
        }
      }
    }
  }

  /** Values are kept without their point transform until the scan ends. */
  private void readRow(
      JpegDecoder.Scan scan, JpegBits bits, int y, boolean first, int predictor, int shift) {
    int stride = width * count;
    int[] components = scan.components();
    for (int x = 0; x < width; x++) {
      for (int i = 0; i < components.length; i++) {
        int at = y * stride + x * count + components[i];
        int predicted;
        if (first) {
          predicted = x == 0 ? 1 << (precision - shift - 1) : samples[at - count];
        } else if (x == 0) {
          predicted = samples[at - stride];
        } else {
          int a = samples[at - count];
          int b = samples[at - stride];
          int c = samples[at - stride - count];
          predicted =
              switch (predictor) {
                case 1 -> a;
                case 2 -> b;
                case 3 -> c;
                case 4 -> a + b - c;
                case 5 -> a + ((b - c) >> 1);
                case 6 -> b + ((a - c) >> 1);
                default -> (a + b) >> 1;
              };
        }
        int category = scan.dc()[i].decode(bits);
        if (category > 16) {
          throw new CodecException(bits.position(), "corrupt: a difference of more than 16 bits");
        }
        int difference = category == 16 ? 1 << 15 : bits.receive(category);
        samples[at] = (predicted + difference) & 0xffff;
      }
    }
  }

  @Override
  public boolean isComplete() {
    for (boolean each : read) {
      if (!each) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int[] samples(int[][] quantization) {
    // Differences count modulo 2^16, whatever the precision; a sound stream stays inside it.
    int limit = 1 << precision;
    for (int sample : samples) {
      if (sample >= limit) {
        throw new CodecException(0, "corrupt: a sample of more than %d bits".formatted(precision));
      }
    }
    return samples;
  }
}
