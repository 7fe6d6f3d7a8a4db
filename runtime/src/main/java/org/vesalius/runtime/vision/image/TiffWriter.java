package org.vesalius.runtime.vision.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Writes a TIFF file of one directory and one tile; tags have to come in ascending order. */
final class TiffWriter {
  private static final int HEADER = 8;
  private static final int ENTRY = 12;
  private static final int LONG = 4;

  @SuppressWarnings("ArrayRecordComponent") // inside this class; never compared
  private record Value(int tag, int type, int count, byte[] bytes) {}

  private final ByteOrder order;
  private final List<Value> values = new ArrayList<>();

  TiffWriter(ByteOrder order) {
    this.order = order;
  }

  void number(int tag, int number) {
    values(tag, LONG, 1, ByteBuffer.allocate(4).order(order).putInt(number).array());
  }

  void values(int tag, int type, int count, byte[] bytes) {
    values.add(new Value(tag, type, count, bytes));
  }

  /**
   * The file.
   *
   * @param offsets tag of where the tile begins
   * @param lengths tag of how long it is
   * @param unused zeros at the end
   */
  byte[] file(int offsets, int lengths, byte[] tile, int unused) {
    values.sort((a, b) -> Integer.compare(a.tag(), b.tag()));
    int entries = values.size() + 2;
    int valuesAt = HEADER + 2 + ENTRY * entries + 4;
    int valueBytes = values.stream().mapToInt(v -> (v.bytes().length + 1) & ~1).sum();
    int tileAt = valuesAt + valueBytes;
    ByteBuffer file = ByteBuffer.allocate(tileAt + tile.length + unused).order(order);
    byte mark = (byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I');
    file.put(mark).put(mark).putShort((short) 42).putInt(HEADER).putShort((short) entries);
    int at = valuesAt;
    for (Value value : values) {
      file.putShort((short) value.tag()).putShort((short) value.type()).putInt(value.count());
      if (value.bytes().length <= 4) {
        int inside = file.position();
        file.put(value.bytes()).position(inside + 4);
      } else {
        file.putInt(at);
        file.put(at, value.bytes());
        at += (value.bytes().length + 1) & ~1;
      }
    }
    last(file, offsets, tileAt);
    last(file, lengths, tile.length);
    file.putInt(0);
    file.put(tileAt, tile);
    return file.array();
  }

  private static void last(ByteBuffer file, int tag, int number) {
    file.putShort((short) tag).putShort((short) LONG).putInt(1).putInt(number);
  }
}
