package org.vesalius.clinical.imaging.dicom;

/** The bits of entropy-coded JPEG data up to the next marker; none are made up. */
final class JpegBits {
  private final byte[] data;
  private int at;
  private long buffer;
  private int available;

  /** Zero bits appended behind the end so that words can be looked up; they cannot be taken. */
  private int padding;

  JpegBits(byte[] data, int at) {
    this.data = data;
    this.at = at;
  }

  int position() {
    return Math.min(at, data.length - 1);
  }

  int peek(int count) {
    if (available < count) {
      fill();
    }
    return (int) (buffer >>> (available - count)) & (1 << count) - 1;
  }

  void skip(int count) {
    available -= count;
    if (available < padding) {
      throw new CodecException(position(), "truncated: a scan ends before its picture");
    }
  }

  int take(int count) {
    if (count == 0) {
      return 0;
    }
    int bits = peek(count);
    skip(count);
    return bits;
  }

  /** A difference of a category: T.81 F.2.2.1, EXTEND. */
  int receive(int category) {
    if (category == 0) {
      return 0;
    }
    int bits = take(category);
    return bits >> (category - 1) == 0 ? bits - (1 << category) + 1 : bits;
  }

  /** Goes past the restart marker that must come now. */
  void restart(int number) {
    available = 0;
    padding = 0;
    buffer = 0;
    skipFill();
    if (at + 1 >= data.length || data[at] != -1 || (data[at + 1] & 0xff) != 0xd0 + number) {
      throw new CodecException(position(), "corrupt: expected restart marker " + number);
    }
    at += 2;
  }

  /** Position of the marker behind the data. */
  int end() {
    int end = at;
    while (end + 1 < data.length) {
      int next = data[end + 1] & 0xff;
      if (data[end] == -1 && next != 0 && next != 0xff) {
        return end;
      }
      end++;
    }
    return data.length;
  }

  private void skipFill() {
    while (at + 1 < data.length && data[at] == -1 && data[at + 1] == -1) {
      at++;
    }
  }

  private void fill() {
    while (available <= 48) {
      int next = 0;
      if (at < data.length && padding == 0) {
        next = data[at] & 0xff;
        if (next != 0xff) {
          at++;
        } else if (at + 1 < data.length && data[at + 1] == 0) {
          at += 2;
        } else {
          next = 0;
          padding += 8;
        }
      } else {
        padding += 8;
      }
      buffer = buffer << 8 | next;
      available += 8;
    }
  }
}
