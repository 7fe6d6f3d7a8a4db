package org.vesalius.runtime.vision.image;

import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The rows of a PNG: inflated from the data chunks and with their prediction filter undone. */
final class PngStream {
  private final ImageSource source;
  private final List<int[]> chunks;
  private final Inflater inflater;
  private final byte[] filter = new byte[1];
  private byte[] row;
  private byte[] above;
  private int nextChunk;

  PngStream(ImageSource source, List<int[]> chunks, Inflater inflater, int rowBytes) {
    this.source = source;
    this.chunks = chunks;
    this.inflater = inflater;
    this.row = new byte[rowBytes];
    this.above = new byte[rowBytes];
  }

  /** Forgets the row above, as each interlacing pass does. */
  void startPass() {
    Arrays.fill(row, (byte) 0);
  }

  /** The next row; the array is used again two rows later. */
  byte[] nextRow(int size, int bytesPerPixel) throws DataFormatException {
    byte[] swap = above;
    above = row;
    row = swap;
    inflate(filter, 1);
    inflate(row, size);
    switch (filter[0]) {
      case 0 -> {}
      case 1 -> sub(row, size, bytesPerPixel);
      case 2 -> up(row, above, size);
      case 3 -> average(row, above, size, bytesPerPixel);
      case 4 -> paeth(row, above, size, bytesPerPixel);
      default ->
          throw source.fail(
              PngDecoder.FORMAT,
              "corrupt: row filter expected 0 to 4, found " + (filter[0] & 0xff));
    }
    return row;
  }

  /** Verifies that the compressed stream ends here, checksum included. */
  void finish() throws DataFormatException {
    while (!inflater.finished()) {
      if (inflater.inflate(filter, 0, 1) > 0) {
        throw source.fail(PngDecoder.FORMAT, "corrupt: more pixel data than the header announces");
      }
      if (!inflater.finished()) {
        feed();
      }
    }
  }

  private void inflate(byte[] into, int size) throws DataFormatException {
    int at = 0;
    while (at < size) {
      int count = inflater.inflate(into, at, size - at);
      at += count;
      if (count == 0) {
        feed();
      }
    }
  }

  private void feed() {
    if (inflater.finished() || inflater.needsDictionary() || nextChunk == chunks.size()) {
      throw source.fail(PngDecoder.FORMAT, "truncated: pixel data ends before the last row");
    }
    int[] chunk = chunks.get(nextChunk++);
    inflater.setInput(source.bytes(), chunk[0], chunk[1]);
  }

  private static void sub(byte[] row, int size, int step) {
    for (int i = step; i < size; i++) {
      row[i] = (byte) (row[i] + row[i - step]);
    }
  }

  private static void up(byte[] row, byte[] above, int size) {
    for (int i = 0; i < size; i++) {
      row[i] = (byte) (row[i] + above[i]);
    }
  }

  private static void average(byte[] row, byte[] above, int size, int step) {
    for (int i = 0; i < size; i++) {
      int left = i < step ? 0 : row[i - step] & 0xff;
      row[i] = (byte) (row[i] + ((left + (above[i] & 0xff)) >> 1));
    }
  }

  private static void paeth(byte[] row, byte[] above, int size, int step) {
    for (int i = 0; i < size; i++) {
      int a = i < step ? 0 : row[i - step] & 0xff;
      int b = above[i] & 0xff;
      int c = i < step ? 0 : above[i - step] & 0xff;
      int fromA = Math.abs(b - c);
      int fromB = Math.abs(a - c);
      int fromC = Math.abs(a + b - 2 * c);
      int nearest = fromA <= fromB && fromA <= fromC ? a : fromB <= fromC ? b : c;
      row[i] = (byte) (row[i] + nearest);
    }
  }
}
