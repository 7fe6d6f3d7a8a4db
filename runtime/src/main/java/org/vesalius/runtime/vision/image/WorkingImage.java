package org.vesalius.runtime.vision.image;

import java.util.Arrays;

/**
 * A picture on its way to a model: samples together with the transform that led to them, so that
 * one cannot change without the other. Steps give a new picture and leave this one as it is.
 *
 * <p>Samples are interleaved bytes, or planes of floats in units of 16 bits; one channel stands for
 * three equal ones.
 */
final class WorkingImage {
  /**
   * As for pictures that are decoded: processors of a fixed size would make huge ones of small ones
   * that are long and narrow.
   */
  private static final long MAX_PIXELS = ImageDecoder.DEFAULT_MAX_PIXELS;

  private static final int[] BLACK = {0, 0, 0};
  private static final byte[] NO_BYTES = {};
  private static final float[][] NO_PLANES = {};

  private final byte[] bytes;
  private final float[][] planes;
  private final int channels;
  private final int width;
  private final int height;
  private final ImageTransform transform;

  private WorkingImage(byte[] bytes, float[][] planes, int channels, ImageTransform transform) {
    this.bytes = bytes;
    this.planes = planes;
    this.channels = channels;
    this.width = transform.modelWidth();
    this.height = transform.modelHeight();
    this.transform = transform;
  }

  static WorkingImage of(RasterImage image) {
    ImageTransform transform = ImageTransform.of(image);
    if (image.samples() != RasterImage.Samples.GRAY16) {
      return new WorkingImage(image.bytes(), NO_PLANES, image.samples().channels(), transform);
    }
    char[] chars = image.chars();
    float[] plane = new float[chars.length];
    for (int i = 0; i < plane.length; i++) {
      plane[i] = chars[i];
    }
    return new WorkingImage(NO_BYTES, new float[][] {plane}, 1, transform);
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  ImageTransform transform() {
    return transform;
  }

  private boolean isWide() {
    return planes.length > 0;
  }

  /** Resized, without regard to the shape. */
  WorkingImage resized(int newWidth, int newHeight, Filter filter) {
    if (newWidth == width && newHeight == height) {
      return this;
    }
    checkArea(newWidth, newHeight);
    ImageTransform after = transform.resized(newWidth, newHeight);
    if (!isWide()) {
      byte[] out = Resampler.resize8(bytes, width, height, channels, newWidth, newHeight, filter);
      return new WorkingImage(out, NO_PLANES, channels, after);
    }
    float[][] out = new float[channels][];
    for (int c = 0; c < channels; c++) {
      out[c] = Resampler.resizeWide(planes[c], width, height, newWidth, newHeight, filter);
    }
    return new WorkingImage(NO_BYTES, out, channels, after);
  }

  /** A rectangle of this picture, black where it reaches beyond. */
  WorkingImage cropped(int left, int top, int newWidth, int newHeight) {
    return cropped(left, top, newWidth, newHeight, BLACK);
  }

  /**
   * A rectangle of this picture.
   *
   * @param fill red, green and blue in bytes where it reaches beyond
   */
  WorkingImage cropped(int left, int top, int newWidth, int newHeight, int[] fill) {
    if (left == 0 && top == 0 && newWidth == width && newHeight == height) {
      return this;
    }
    checkArea(newWidth, newHeight);
    boolean inside = left >= 0 && top >= 0 && left + newWidth <= width && top + newHeight <= height;
    boolean grayFill = fill[0] == fill[1] && fill[1] == fill[2];
    int outChannels = inside || grayFill ? channels : PixelNormalization.CHANNELS;
    ImageTransform after = transform.cropped(left, top, newWidth, newHeight);
    if (isWide()) {
      float[][] out = new float[outChannels][newWidth * newHeight];
      for (int c = 0; c < outChannels; c++) {
        if (!inside) {
          Arrays.fill(out[c], (float) fill[c] * PixelNormalization.WIDE_PER_BYTE);
        }
        copy(planes[Math.min(c, channels - 1)], 1, out[c], left, top, newWidth, newHeight);
      }
      return new WorkingImage(NO_BYTES, out, outChannels, after);
    }
    byte[] out = new byte[newWidth * newHeight * outChannels];
    if (!inside) {
      for (int i = 0; i < out.length; i++) {
        out[i] = (byte) fill[i % outChannels];
      }
    }
    copy(
        outChannels == channels ? bytes : threefold(),
        outChannels,
        out,
        left,
        top,
        newWidth,
        newHeight);
    return new WorkingImage(out, NO_PLANES, outChannels, after);
  }

  /** Copies the rows that a rectangle shares with this picture; both arrays of the same kind. */
  @SuppressWarnings("SuspiciousSystemArraycopy") // byte[] to byte[] or float[] to float[]
  private void copy(
      Object from, int samples, Object to, int left, int top, int newWidth, int newHeight) {
    int firstX = Math.max(0, left);
    int count = Math.min(width, left + newWidth) - firstX;
    if (count <= 0) {
      return;
    }
    int endY = Math.min(height, top + newHeight);
    for (int y = Math.max(0, top); y < endY; y++) {
      System.arraycopy(
          from,
          (y * width + firstX) * samples,
          to,
          ((y - top) * newWidth + firstX - left) * samples,
          count * samples);
    }
  }

  private byte[] threefold() {
    byte[] out = new byte[3 * bytes.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = bytes[i / 3];
    }
    return out;
  }

  /** Writes {@code count} normalized values of one channel, from pixel (x, y) on to the right. */
  void write(
      PixelNormalization normalization,
      int channel,
      int x,
      int y,
      int count,
      float[] values,
      int to) {
    int pixel = y * width + x;
    int stored = channels == 1 ? 0 : channel;
    if (isWide()) {
      float[] plane = planes[stored];
      for (int i = 0; i < count; i++) {
        values[to + i] = normalization.ofWide(plane[pixel + i], channel);
      }
      return;
    }
    float[] value = normalization.ofBytes(channel);
    int from = pixel * channels + stored;
    for (int i = 0; i < count; i++) {
      values[to + i] = value[bytes[from + i * channels] & 0xff];
    }
  }

  private void checkArea(int newWidth, int newHeight) {
    if ((long) newWidth * newHeight > MAX_PIXELS) {
      throw new ImageFormatException(
          "picture of %dx%d pixels (width x height) would become %dx%d on its way to the model, at most %d pixels are accepted; crop it or make it smaller"
              .formatted(
                  transform.sourceWidth(),
                  transform.sourceHeight(),
                  newWidth,
                  newHeight,
                  MAX_PIXELS));
    }
  }
}
