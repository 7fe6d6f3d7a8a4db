package org.vesalius.clinical.imaging.dicom;

/** The bits of a JPEG-LS scan: after a byte of ones the next has seven bits (T.87 A.1). */
final class JpegLsBits {
  private final byte[] data;
  private int at;
  private long buffer;
  private int available;

  /** Zero bits appended behind the end; they cannot be taken. */
  private int padding;

  private boolean afterOnes;

  JpegLsBits(byte[] data, int at) {
    this.data = data;
    this.at = at;
  }

  int position() {
    return Math.min(at, data.length - 1);
  }

  int take(int count) {
    if (count == 0) {
      return 0;
    }
    if (available < count) {
      fill();
    }
    int bits = (int) (buffer >>> (available - count)) & (1 << count) - 1;
    consume(count);
    return bits;
  }

  /** Number of zeros before the next one, which is taken too; at most {@code limit}. */
  int zeros(int limit) {
    int zeros = 0;
    while (true) {
      if (available == 0) {
        fill();
      }
      long left = buffer << (64 - available);
      int run = Math.min(left == 0 ? 64 : Long.numberOfLeadingZeros(left), available);
      if (zeros + run > limit) {
        throw new CodecException(position(), "corrupt: a JPEG-LS code longer than its limit");
      }
      zeros += run;
      if (run < available) {
        consume(run + 1);
        return zeros;
      }
      consume(run);
    }
  }

  /** Goes past the restart marker that must come now. */
  void restart(int number) {
    int marker = end();
    if (marker + 1 >= data.length || (data[marker + 1] & 0xff) != 0xd0 + number) {
      throw new CodecException(position(), "corrupt: expected restart marker " + number);
    }
    at = marker + 2;
    buffer = 0;
    available = 0;
    padding = 0;
    afterOnes = false;
  }

  /**
   * Checks that nothing but zeros up to the next byte is left: with wrong parameters a scan ends
   * before or behind its data.
   *
   * @param start of the scan
   * @return position of the marker behind
   */
  int finish(int start) {
    fill();
    int marker = end();
    // Bytes of ones may fill the space before a marker; one may also be the last of the data.
    while (!endsAt(marker, start)) {
      if (marker <= start || marker == data.length || data[marker - 1] != -1) {
        throw new CodecException(marker, "corrupt: a JPEG-LS scan does not end with its picture");
      }
      marker--;
    }
    return marker;
  }

  private boolean endsAt(int marker, int start) {
    // The first byte of the marker may have been taken for data.
    long left = available - padding + 8L * (marker - at);
    // Behind a byte of ones comes one that is stuffed.
    int most = marker - 2 >= start && data[marker - 2] == -1 ? 14 : 7;
    return left >= 0 && left <= most && (buffer >>> (available - left) & (1L << left) - 1) == 0;
  }

  /** Position of the next marker. */
  private int end() {
    int end = Math.max(at - 1, 0);
    while (end + 1 < data.length) {
      if (data[end] == -1 && data[end + 1] < 0 && data[end + 1] != -1) {
        return end;
      }
      end++;
    }
    return data.length;
  }

  private void consume(int count) {
    available -= count;
    if (available < padding) {
      throw new CodecException(position(), "truncated: a JPEG-LS scan ends before its picture");
    }
  }

  private void fill() {
    while (available <= 48) {
      if (at < data.length && padding == 0 && !(afterOnes && data[at] < 0)) {
        int next = data[at++] & 0xff;
        int bits = afterOnes ? 7 : 8;
        buffer = buffer << bits | next;
        available += bits;
        afterOnes = next == 0xff;
      } else {
        buffer <<= 8;
        available += 8;
        padding += 8;
      }
    }
  }
}
