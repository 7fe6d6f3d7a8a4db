package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import java.util.List;

/** Reads the samples of a JPEG-LS scan into its components, in all three ways of interleaving. */
final class JpegLsSamples {
  private static final int BY_PIXEL = 2;

  private final byte[] data;
  private final int start;
  private final JpegLsDecoder.Plane[] planes;
  private final int interleave;
  private final int restartInterval;

  /**
   * The samples of a scan.
   *
   * @param start first byte behind its header
   * @param restartInterval in lines; 0 for none
   */
  JpegLsSamples(
      byte[] data, int start, JpegLsDecoder.Plane[] planes, int interleave, int restartInterval) {
    this.data = data;
    this.start = start;
    this.planes = planes;
    this.interleave = interleave;
    this.restartInterval = restartInterval;
  }

  /**
   * Reads all of them by the parameters that fit.
   *
   * @return position of the marker behind
   */
  int read(List<JpegLsParameters> possible) {
    JpegLsParameters standard = possible.getFirst();
    if (possible.size() == 1) {
      return read(standard);
    }
    JpegLsParameters other = possible.get(1);
    int end;
    try {
      end = read(standard);
    } catch (CodecException e) {
      return readOr(other, e);
    }
    // With few bits the wrong ones may seem to fit; with many they cannot.
    if (standard.max() < 128) {
      checkAgainst(other);
    }
    return end;
  }

  private int readOr(JpegLsParameters other, CodecException first) {
    try {
      return read(other);
    } catch (CodecException _) {
      throw first;
    }
  }

  private void checkAgainst(JpegLsParameters other) {
    List<int[]> found = Arrays.stream(planes).map(plane -> plane.samples().clone()).toList();
    boolean fits = true;
    try {
      read(other);
    } catch (CodecException _) {
      fits = false;
    }
    for (int i = 0; i < planes.length; i++) {
      int[] samples = planes[i].samples();
      if (fits && !Arrays.equals(samples, found.get(i))) {
        throw new CodecException(
            start,
            "JPEG-LS without thresholds that T.87 and early CharLS decode to different pictures; expected thresholds");
      }
      System.arraycopy(found.get(i), 0, samples, 0, samples.length);
    }
  }

  private int read(JpegLsParameters parameters) {
    JpegLsBits bits = new JpegLsBits(data, start);
    JpegLsScan scan = new JpegLsScan(bits, parameters, planes[0].samples().length);
    if (interleave == BY_PIXEL) {
      readPixels(scan, bits);
    } else {
      readLines(scan, bits);
    }
    return bits.finish(start);
  }

  /** Line by line; of a component of more lines several at a time. */
  private void readLines(JpegLsScan scan, JpegLsBits bits) {
    boolean alone = planes.length == 1;
    JpegLsScan.Lines[] lines = new JpegLsScan.Lines[planes.length];
    int units = 0;
    for (int i = 0; i < planes.length; i++) {
      lines[i] = new JpegLsScan.Lines(1, planes[i].width());
      units = Math.max(units, Math.ceilDiv(planes[i].height(), alone ? 1 : planes[i].down()));
    }
    for (int unit = 0; unit < units; unit++) {
      restart(scan, bits, unit, lines);
      for (int i = 0; i < planes.length; i++) {
        int perUnit = alone ? 1 : planes[i].down();
        for (int v = 0; v < perUnit; v++) {
          int y = unit * perUnit + v;
          if (y >= planes[i].height()) {
            break;
          }
          scan.readLine(lines[i]);
          int width = planes[i].width();
          System.arraycopy(lines[i].line[0], 1, planes[i].samples(), y * width, width);
          lines[i].next();
        }
      }
    }
  }

  private void readPixels(JpegLsScan scan, JpegLsBits bits) {
    int width = planes[0].width();
    for (JpegLsDecoder.Plane plane : planes) {
      if (plane.width() != width || plane.height() != planes[0].height()) {
        throw new CodecException(start, "corrupt: JPEG-LS components of several sizes by pixel");
      }
    }
    JpegLsScan.Lines lines = new JpegLsScan.Lines(planes.length, width);
    for (int y = 0; y < planes[0].height(); y++) {
      restart(scan, bits, y, lines);
      scan.readLine(lines);
      for (int i = 0; i < planes.length; i++) {
        System.arraycopy(lines.line[i], 1, planes[i].samples(), y * width, width);
      }
      lines.next();
    }
  }

  private void restart(JpegLsScan scan, JpegLsBits bits, int unit, JpegLsScan.Lines... lines) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval == 0) {
      bits.restart((unit / restartInterval - 1) & 7);
      scan.reset();
      Arrays.stream(lines).forEach(JpegLsScan.Lines::reset);
    }
  }
}
