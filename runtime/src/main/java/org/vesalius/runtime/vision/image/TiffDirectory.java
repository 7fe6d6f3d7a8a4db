package org.vesalius.runtime.vision.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * One directory of a TIFF or BigTIFF file: where the values of its tags lie. Values stay in the
 * file until they are asked for.
 *
 * @param order of bytes
 * @param entries by tag
 */
record TiffDirectory(ByteOrder order, Map<Integer, Entry> entries) {
  private static final int MOST_DIRECTORIES = 256;
  private static final int MOST_ENTRIES = 4096;
  private static final int BIG = 43;

  /**
   * Where values lie.
   *
   * @param at byte of the first one in the file
   */
  record Entry(int type, long count, long at) {
    /** Bytes of a value; 0 for a type that is unknown. */
    int size() {
      return switch (type) {
        case 1, 2, 6, 7 -> 1;
        case 3, 8 -> 2;
        case 4, 9, 11, 13 -> 4;
        case 5, 10, 12, 16, 17, 18 -> 8;
        default -> 0;
      };
    }
  }

  /** All directories of a file that is in order so far as they go. */
  static List<TiffDirectory> all(FileChannel file) throws IOException {
    ByteBuffer head = read(file, 0, 8, ByteOrder.LITTLE_ENDIAN);
    ByteOrder order = head.get(0) == 'M' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    boolean big = head.order(order).getShort(2) == BIG;
    long at = big ? read(file, 8, 8, order).getLong(0) : head.getInt(4) & 0xffff_ffffL;
    List<TiffDirectory> all = new ArrayList<>();
    Set<Long> seen = new HashSet<>();
    while (at != 0 && all.size() < MOST_DIRECTORIES && seen.add(at)) {
      long count =
          big ? read(file, at, 8, order).getLong(0) : read(file, at, 2, order).getShort(0) & 0xffff;
      if (count < 1 || count > MOST_ENTRIES) {
        throw new IOException("directory at byte " + at + " has " + count + " entries");
      }
      int size = big ? 20 : 12;
      long first = at + (big ? 8 : 2);
      int length = (int) count * size;
      ByteBuffer table = read(file, first, length + (big ? 8 : 4), order);
      Map<Integer, Entry> entries = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        int entry = i * size;
        entries.put(table.getShort(entry) & 0xffff, entry(table, entry, first, big));
      }
      all.add(new TiffDirectory(order, entries));
      at = big ? table.getLong(length) : table.getInt(length) & 0xffff_ffffL;
    }
    return all;
  }

  private static Entry entry(ByteBuffer table, int entry, long first, boolean big) {
    int type = table.getShort(entry + 2) & 0xffff;
    long count = big ? table.getLong(entry + 4) : table.getInt(entry + 4) & 0xffff_ffffL;
    int valueAt = entry + (big ? 12 : 8);
    Entry inside = new Entry(type, count, first + valueAt);
    boolean fits = count >= 0 && inside.size() * (double) count <= (big ? 8 : 4);
    if (fits) {
      return inside;
    }
    long at = big ? table.getLong(valueAt) : table.getInt(valueAt) & 0xffff_ffffL;
    return new Entry(type, count, at);
  }

  static ByteBuffer read(FileChannel file, long at, int length, ByteOrder order)
      throws IOException {
    return ByteBuffer.wrap(bytes(file, at, length)).order(order);
  }

  /** Bytes of a file; nothing is allocated that is not there. */
  static byte[] bytes(FileChannel file, long at, int length) throws IOException {
    if (at < 0 || length < 0 || at > file.size() - length) {
      throw new EOFException("%d bytes at byte %d end after the file".formatted(length, at));
    }
    byte[] bytes = new byte[length];
    ByteBuffer target = ByteBuffer.wrap(bytes);
    while (target.hasRemaining()) {
      if (file.read(target, at + target.position()) < 0) {
        throw new EOFException("the file has become shorter");
      }
    }
    return bytes;
  }

  /** Whole number {@code index} of a tag; empty where there is none. */
  OptionalLong number(FileChannel file, int tag, long index) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || index < 0 || index >= entry.count()) {
      return OptionalLong.empty();
    }
    ByteBuffer bytes = read(file, entry.at() + index * entry.size(), entry.size(), order);
    return switch (entry.type()) {
      case 3 -> OptionalLong.of(bytes.getShort(0) & 0xffff);
      case 4 -> OptionalLong.of(bytes.getInt(0) & 0xffff_ffffL);
      case 16 -> OptionalLong.of(bytes.getLong(0));
      default -> OptionalLong.empty();
    };
  }

  /** A fraction; 0 where there is none. */
  double fraction(FileChannel file, int tag) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || entry.type() != 5 || entry.count() < 1) {
      return 0;
    }
    ByteBuffer bytes = read(file, entry.at(), 8, order);
    return (bytes.getInt(0) & 0xffff_ffffL) / (double) (bytes.getInt(4) & 0xffff_ffffL);
  }
}
