package org.vesalius.clinical.imaging.slide;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes BigTIFF files of TIFF files in little endian order: counts and offsets of 8 bytes. */
final class BigTiff {
  private static final int OFFSETS = 324;
  private static final int SIZES = 325;
  private static final int LONG8 = 16;

  /** What comes before the data has 16 bytes and not 8. */
  private static final int SHIFT = 8;

  private final byte[] bytes;
  private final ByteBuffer classic;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private BigTiff(byte[] bytes) {
    this.bytes = bytes;
    this.classic = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] of(byte[] classic) {
    return new BigTiff(classic).converted();
  }

  private byte[] converted() {
    ByteBuffer head = buffer(16).put((byte) 'I').put((byte) 'I');
    out.writeBytes(bytes(head.putShort((short) 43).putShort((short) 8)));
    out.write(bytes, 8, bytes.length - 8);
    int link = 8;
    for (int at = classic.getInt(4); at != 0; ) {
      int count = classic.getShort(at);
      ByteBuffer directory = buffer(8 + 20 * count + 8).putLong(count);
      for (int i = 0; i < count; i++) {
        entry(at + 2 + 12 * i, directory);
      }
      long place = out.size();
      out.writeBytes(bytes(directory));
      byte[] so = out.toByteArray();
      ByteBuffer.wrap(so).order(ByteOrder.LITTLE_ENDIAN).putLong(link, place);
      out.reset();
      out.writeBytes(so);
      link = (int) place + 8 + 20 * count;
      at = classic.getInt(at + 2 + 12 * count);
    }
    return out.toByteArray();
  }

  private void entry(int at, ByteBuffer directory) {
    int tag = classic.getShort(at);
    int type = classic.getShort(at + 2);
    int count = classic.getInt(at + 4);
    boolean tiles = tag == OFFSETS || tag == SIZES;
    int width = tiles ? 8 : type == 3 ? 2 : type == 4 ? 4 : type == 5 ? 8 : 1;
    int stored = count * (tiles ? 4 : width);
    int from = stored <= 4 ? at + 8 : classic.getInt(at + 8);
    ByteBuffer value = buffer(Math.max(8, count * width));
    if (tiles) {
      for (int i = 0; i < count; i++) {
        value.putLong(classic.getInt(from + 4 * i) + (tag == OFFSETS ? SHIFT : 0));
      }
    } else {
      value.put(bytes, from, stored);
    }
    directory.putShort((short) tag).putShort((short) (tiles ? LONG8 : type)).putLong(count);
    if (value.capacity() == 8) {
      directory.put(bytes(value));
    } else {
      directory.putLong(out.size());
      out.writeBytes(bytes(value));
    }
  }

  /** All of a buffer, what was not written too. */
  private static byte[] bytes(ByteBuffer buffer) {
    byte[] all = new byte[buffer.capacity()];
    buffer.get(0, all);
    return all;
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
