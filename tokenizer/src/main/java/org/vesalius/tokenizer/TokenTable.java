package org.vesalius.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a model and their ids, looked up both ways: all texts in one array of characters,
 * and open addressing over them, at most half full. A vocabulary has some hundred thousand tokens,
 * and an object for each would take longer to make than the file takes to read.
 */
final class TokenTable {
  /** What a look-up answers for a text that is no token. */
  static final int NONE = -1;

  private char[] texts = new char[1 << 12];
  private int used;

  /** Where the text of each id starts, -1 for an id without a token. */
  private int[] starts = new int[1 << 10];

  private int[] lengths = new int[1 << 10];
  private int[] hashes = new int[1 << 10];

  /** An id plus one, 0 for an empty slot. */
  private int[] slots = new int[1 << 11];

  private int size;
  private int limit;

  TokenTable() {
    Arrays.fill(starts, NONE);
  }

  /**
   * The hash of a text, one character after the other: {@code hash * 31 + c} from 0, as {@link
   * String#hashCode} has it.
   */
  static int hash(char[] text, int start, int end) {
    int hash = 0;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + text[i];
    }
    return hash;
  }

  /**
   * Adds a token.
   *
   * @param id 0 or more, and not much larger than the number of tokens: arrays are indexed by it
   * @return whether neither text nor id has been there before; if not, nothing is added
   */
  boolean add(String text, int id) {
    char[] chars = text.toCharArray();
    return add(chars, 0, chars.length, text.hashCode(), id);
  }

  /**
   * Adds {@code text[start, end)}, as {@link #add(String, int)}.
   *
   * @param hash {@link #hash} of it
   */
  boolean add(char[] text, int start, int end, int hash, int id) {
    if (id < starts.length && starts[id] >= 0) {
      return false;
    }
    int slot = slot(hash);
    for (; slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      if (reads(slots[slot] - 1, hash, text, start, end)) {
        return false;
      }
    }
    slots[slot] = id + 1;
    hold(id, end - start);
    System.arraycopy(text, start, texts, used, end - start);
    starts[id] = used;
    lengths[id] = end - start;
    hashes[id] = hash;
    used += end - start;
    limit = Math.max(limit, id + 1);
    size++;
    if (2 * size > slots.length) {
      rehash();
    }
    return true;
  }

  /** Makes room for an id and so many characters. */
  private void hold(int id, int length) {
    if (id >= starts.length) {
      int old = starts.length;
      int capacity = Math.max(id + 1, 2 * old);
      starts = Arrays.copyOf(starts, capacity);
      Arrays.fill(starts, old, capacity, NONE);
      lengths = Arrays.copyOf(lengths, capacity);
      hashes = Arrays.copyOf(hashes, capacity);
    }
    if (texts.length - used < length) {
      texts = Arrays.copyOf(texts, Math.max(Math.addExact(used, length), 2 * texts.length));
    }
  }

  private void rehash() {
    slots = new int[2 * slots.length];
    for (int id = 0; id < limit; id++) {
      if (starts[id] >= 0) {
        int slot = slot(hashes[id]);
        while (slots[slot] != 0) {
          slot = (slot + 1) & (slots.length - 1);
        }
        slots[slot] = id + 1;
      }
    }
  }

  /** How many tokens there are. */
  int size() {
    return size;
  }

  /** The largest id plus one. */
  int limit() {
    return limit;
  }

  /** The text of an id, or null where it has none. */
  @Nullable String text(int id) {
    return id >= 0 && id < limit && starts[id] >= 0
        ? new String(texts, starts[id], lengths[id])
        : null;
  }

  /** UTF-16 units of the text of a token. */
  int length(int id) {
    return lengths[id];
  }

  /** A UTF-16 unit of the text of a token. */
  char charAt(int id, int index) {
    return texts[starts[id] + index];
  }

  /** The id of a text, or {@link #NONE}. */
  int id(String text) {
    int hash = text.hashCode();
    for (int slot = slot(hash); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      int id = slots[slot] - 1;
      if (hashes[id] == hash && lengths[id] == text.length() && reads(id, text)) {
        return id;
      }
    }
    return NONE;
  }

  /** The id of {@code text[start, end)}, or {@link #NONE}. */
  int id(char[] text, int start, int end) {
    int hash = hash(text, start, end);
    for (int slot = slot(hash); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      if (reads(slots[slot] - 1, hash, text, start, end)) {
        return slots[slot] - 1;
      }
    }
    return NONE;
  }

  /**
   * The id of the text of one token followed by that of another, or {@link #NONE}.
   *
   * @param skipped characters of the second that are left out
   */
  int joined(int left, int right, int skipped) {
    int from = starts[right] + skipped;
    int length = lengths[right] - skipped;
    int hash = hashes[left];
    for (int i = from; i < from + length; i++) {
      hash = 31 * hash + texts[i];
    }
    int cut = lengths[left];
    for (int slot = slot(hash); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      int id = slots[slot] - 1;
      if (hashes[id] == hash
          && lengths[id] == cut + length
          && same(starts[id], texts, starts[left], cut)
          && same(starts[id] + cut, texts, from, length)) {
        return id;
      }
    }
    return NONE;
  }

  /** Whether the text of a token starts with another text. */
  boolean startsWith(int id, String prefix) {
    if (lengths[id] < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (texts[starts[id] + i] != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private boolean reads(int id, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (texts[starts[id] + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private boolean reads(int id, int hash, char[] text, int start, int end) {
    return hashes[id] == hash
        && lengths[id] == end - start
        && same(starts[id], text, start, end - start);
  }

  private boolean same(int at, char[] text, int start, int length) {
    for (int i = 0; i < length; i++) {
      if (texts[at + i] != text[start + i]) {
        return false;
      }
    }
    return true;
  }

  private int slot(int hash) {
    return (hash * 0x9E3779B1) >>> (Integer.numberOfLeadingZeros(slots.length) + 1);
  }
}
