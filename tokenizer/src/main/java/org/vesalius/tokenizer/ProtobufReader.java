package org.vesalius.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks over the fields of a message in Protocol Buffers' wire format. What a length says is never
 * believed beyond the bytes that are there. Not thread-safe.
 *
 * <p>{@link #next} goes to a field; then exactly one of the value methods or {@link #skip} is
 * called. All throw {@link IllegalArgumentException}, saying at which byte the format is broken.
 */
final class ProtobufReader {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED_32 = 5;

  private final byte[] bytes;
  private final int end;
  private int at;
  private int field;
  private int wire;

  ProtobufReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private ProtobufReader(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Goes to the next field; false at the end of the message. */
  boolean next() {
    if (at == end) {
      return false;
    }
    long tag = readVarint();
    wire = (int) tag & 7;
    field = (int) (tag >>> 3);
    if (tag >>> 3 == 0 || tag >>> 3 > 0x1FFFFFFF) {
      throw broken("field number " + (tag >>> 3));
    }
    return true;
  }

  int field() {
    return field;
  }

  /** A whole number, or true and false as 1 and 0. */
  long varint() {
    expect(VARINT);
    return readVarint();
  }

  float float32() {
    expect(FIXED_32);
    int start = take(Float.BYTES);
    return Float.intBitsToFloat(
        (bytes[start] & 0xFF)
            | (bytes[start + 1] & 0xFF) << 8
            | (bytes[start + 2] & 0xFF) << 16
            | (bytes[start + 3] & 0xFF) << 24);
  }

  /** A message inside this one. */
  ProtobufReader message() {
    expect(LENGTH);
    int length = length();
    int start = take(length);
    return new ProtobufReader(bytes, start, start + length);
  }

  byte[] bytes() {
    ProtobufReader content = message();
    return Arrays.copyOfRange(bytes, content.at, content.end);
  }

  String text() {
    ProtobufReader content = message();
    try {
      CharBuffer text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes, content.at, content.end - content.at));
      return text.toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("text that is not UTF-8 at byte " + content.at, e);
    }
  }

  void skip() {
    switch (wire) {
      case VARINT -> readVarint();
      case FIXED_64 -> take(Long.BYTES);
      case LENGTH -> take(length());
      case FIXED_32 -> take(Integer.BYTES);
      default -> throw broken("wire type " + wire);
    }
  }

  private void expect(int type) {
    if (wire != type) {
      throw broken("wire type %d of field %d, not %d".formatted(wire, field, type));
    }
  }

  private int length() {
    long length = readVarint();
    if (length < 0 || length > end - at) {
      throw broken(
          "a length of %s with %d bytes left".formatted(Long.toUnsignedString(length), end - at));
    }
    return (int) length;
  }

  private int take(int count) {
    if (count > end - at) {
      throw broken("%d bytes left of %d".formatted(end - at, count));
    }
    int start = at;
    at += count;
    return start;
  }

  private long readVarint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte b = bytes[take(1)];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw broken("a number of more than 64 bits");
  }

  private IllegalArgumentException broken(String found) {
    return new IllegalArgumentException(found + " before byte " + at);
  }
}
