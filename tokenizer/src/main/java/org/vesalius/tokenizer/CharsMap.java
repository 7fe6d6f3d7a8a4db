package org.vesalius.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's compiled normalization rules: UTF-8 texts and what each becomes.
 *
 * <p>The bytes are the size of a trie in bytes (32 bits, little endian), the trie as a double array
 * of 32-bit units (Darts-clone), and the results, each ended by a zero byte. A unit holds the byte
 * that leads to it, whether a rule ends there, and the offset of its children; the unit of an end
 * holds the place of the result. Whatever a unit says, nothing outside the arrays is read.
 */
final class CharsMap {
  private final int[] units;
  private final byte[] results;

  private CharsMap(int[] units, byte[] results) {
    this.units = units;
    this.results = results;
  }

  /**
   * Reads compiled rules; no bytes at all are no rules.
   *
   * @throws IllegalArgumentException saying what is wrong with them
   */
  static CharsMap of(byte[] compiled) {
    if (compiled.length == 0) {
      return new CharsMap(new int[0], new byte[0]);
    }
    ByteBuffer bytes = ByteBuffer.wrap(compiled).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < Integer.BYTES) {
      throw new IllegalArgumentException(compiled.length + " bytes");
    }
    long size = Integer.toUnsignedLong(bytes.getInt());
    if (size > bytes.remaining()) {
      throw new IllegalArgumentException(
          "a trie of %d bytes in %d bytes".formatted(size, compiled.length));
    }
    int[] units = new int[(int) (size / Integer.BYTES)];
    for (int i = 0; i < units.length; i++) {
      units[i] = bytes.getInt();
    }
    byte[] results = new byte[bytes.remaining()];
    bytes.get(results);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(results));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("results that are not UTF-8", e);
    }
    return new CharsMap(units, results);
  }

  /**
   * What a piece of text becomes by the shortest rule that it starts with, or null without one. The
   * rest of the piece is not part of the answer.
   */
  @Nullable String transform(byte[] text, int start, int end) {
    if (units.length == 0) {
      return null;
    }
    int node = offset(units[0]);
    for (int i = start; i < end && text[i] != 0; i++) {
      int label = text[i] & 0xFF;
      node ^= label;
      if (node < 0 || node >= units.length || (units[node] & 0x800000FF) != label) {
        return null;
      }
      int unit = units[node];
      node ^= offset(unit);
      if ((unit >>> 8 & 1) != 0) {
        return node >= 0 && node < units.length ? result(units[node] & 0x7FFFFFFF) : null;
      }
    }
    return null;
  }

  private @Nullable String result(int place) {
    if (place >= results.length) {
      return null;
    }
    int end = place;
    while (end < results.length && results[end] != 0) {
      end++;
    }
    return new String(results, place, end - place, StandardCharsets.UTF_8);
  }

  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & 1 << 9) >>> 6);
  }
}
