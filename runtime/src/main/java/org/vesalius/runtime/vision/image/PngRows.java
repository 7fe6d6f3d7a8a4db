package org.vesalius.runtime.vision.image;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Unpacks rows of PNG samples of any depth into the arrays of a {@link RasterImage}. */
final class PngRows {
  private final int depth;
  private final int channels;
  private final byte @Nullable [] palette;
  private final byte[] bytes;
  private final char[] chars;

  /**
   * @param channels samples per pixel in the file, alpha included
   * @param palette red, green, blue of each index, or null
   * @param bytes receives 8-bit samples, 1 or 3 per pixel
   * @param chars receives 16-bit gray instead when {@code bytes} is empty
   */
  PngRows(int depth, int channels, byte @Nullable [] palette, byte[] bytes, char[] chars) {
    this.depth = depth;
    this.channels = channels;
    this.palette = palette == null ? null : Arrays.copyOf(palette, 3 << depth);
    this.bytes = bytes;
    this.chars = chars;
  }

  /**
   * Writes {@code count} pixels of {@code row} at {@code pixel}, {@code pixel + step}, … of the
   * picture.
   */
  void write(byte[] row, int count, int pixel, int step) {
    int stride = channels * (depth == 16 ? 2 : 1);
    if (palette != null) {
      byte[] colours = palette;
      for (int i = 0, to = 3 * pixel; i < count; i++, to += 3 * step) {
        int from = 3 * packed(row, i);
        bytes[to] = colours[from];
        bytes[to + 1] = colours[from + 1];
        bytes[to + 2] = colours[from + 2];
      }
    } else if (depth < 8) {
      int scale = 255 / ((1 << depth) - 1);
      for (int i = 0, to = pixel; i < count; i++, to += step) {
        bytes[to] = (byte) (packed(row, i) * scale);
      }
    } else if (channels <= 2 && depth == 16) {
      for (int i = 0, to = pixel; i < count; i++, to += step) {
        chars[to] = (char) ((row[i * stride] << 8) | (row[i * stride + 1] & 0xff));
      }
    } else if (channels <= 2) {
      for (int i = 0, to = pixel; i < count; i++, to += step) {
        bytes[to] = row[i * stride];
      }
    } else {
      int next = stride / channels;
      for (int i = 0, from = 0, to = 3 * pixel; i < count; i++, from += stride, to += 3 * step) {
        bytes[to] = row[from];
        bytes[to + 1] = row[from + next];
        bytes[to + 2] = row[from + 2 * next];
      }
    }
  }

  private int packed(byte[] row, int i) {
    if (depth == 8) {
      return row[i] & 0xff;
    }
    int perByte = 8 / depth;
    int shift = 8 - depth * (i % perByte + 1);
    return ((row[i / perByte] & 0xff) >> shift) & ((1 << depth) - 1);
  }
}
