package org.vesalius.clinical.entities;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Many short texts in one array of bytes, each as its length (7 bits a byte, the lowest first, the
 * eighth bit set on all but the last) and its UTF-8. A text is named by where it begins.
 */
final class Texts {
  private byte[] bytes;
  private int size;

  Texts(int capacity) {
    bytes = new byte[Math.max(16, capacity)];
  }

  /**
   * Keeps a text and returns where it begins.
   *
   * @throws ArithmeticException when all texts together need more than 2 GiB
   */
  int add(byte[] utf8) {
    int start = size;
    reserve(Math.addExact(utf8.length, 5));
    int length = utf8.length;
    while (length >= 0x80) {
      bytes[size++] = (byte) (length | 0x80);
      length >>>= 7;
    }
    bytes[size++] = (byte) length;
    System.arraycopy(utf8, 0, bytes, size, utf8.length);
    size += utf8.length;
    return start;
  }

  int add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  private void reserve(int more) {
    int needed = Math.addExact(size, more);
    if (needed > bytes.length) {
      long grown = Math.min(Integer.MAX_VALUE - 16, needed + (needed >> 1) + 0L);
      bytes = Arrays.copyOf(bytes, (int) Math.max(needed, grown));
    }
  }

  String get(int start) {
    long lengthAndBegin = locate(start);
    return new String(
        bytes, (int) lengthAndBegin, (int) (lengthAndBegin >>> 32), StandardCharsets.UTF_8);
  }

  boolean is(int start, byte[] utf8) {
    long lengthAndBegin = locate(start);
    int begin = (int) lengthAndBegin;
    return (int) (lengthAndBegin >>> 32) == utf8.length
        && Arrays.equals(bytes, begin, begin + utf8.length, utf8, 0, utf8.length);
  }

  int hash(int start, int multiplier) {
    long lengthAndBegin = locate(start);
    int begin = (int) lengthAndBegin;
    return hash(bytes, begin, begin + (int) (lengthAndBegin >>> 32), multiplier);
  }

  /** The same as {@link #hash(int, int)} of a kept text. */
  static int hash(byte[] utf8, int multiplier) {
    return hash(utf8, 0, utf8.length, multiplier);
  }

  private static int hash(byte[] bytes, int begin, int end, int multiplier) {
    int hash = end - begin;
    for (int i = begin; i < end; i++) {
      hash = (hash ^ bytes[i]) * multiplier;
    }
    return hash ^ (hash >>> 15);
  }

  /** Length in the upper half, where the UTF-8 begins in the lower. */
  private long locate(int start) {
    int at = start;
    long length = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = bytes[at++];
      length |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return (length << 32) | at;
      }
    }
  }

  void trim() {
    bytes = Arrays.copyOf(bytes, size);
  }

  long byteSize() {
    return bytes.length;
  }
}
