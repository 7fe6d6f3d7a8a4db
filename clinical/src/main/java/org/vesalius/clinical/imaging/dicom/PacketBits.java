package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;

/** The bits of JPEG 2000 packet headers (T.800 B.10.1), and the bytes between them. */
final class PacketBits {
  private final byte[] data;
  private int at;
  private int current;
  private int available;

  PacketBits(byte[] data) {
    this.data = data;
  }

  int position() {
    return at;
  }

  int left() {
    return data.length - at;
  }

  int bit() {
    if (available == 0) {
      if (at >= data.length) {
        throw new CodecException(at, "truncated: a JPEG 2000 tile ends before its last packet");
      }
      available = current == 0xff ? 7 : 8;
      current = data[at++] & 0xff;
    }
    return current >> --available & 1;
  }

  int bits(int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
      value = value << 1 | bit();
    }
    return value;
  }

  /** Ends a header: the rest of its byte is unused, and one more byte where it is full of ones. */
  void align() {
    if (current == 0xff) {
      at++;
    }
    current = 0;
    available = 0;
  }

  /** Goes past a marker and its segment where there is one. */
  void skipMarker(int marker, int size) {
    if (left() >= size && data[at] == -1 && (data[at + 1] & 0xff) == marker) {
      at += size;
    }
  }

  byte[] bytes(int count) {
    if (count > left()) {
      throw new CodecException(
          at, "truncated: expected a packet of %d bytes, found %d".formatted(count, left()));
    }
    byte[] bytes = Arrays.copyOfRange(data, at, at + count);
    at += count;
    return bytes;
  }
}
