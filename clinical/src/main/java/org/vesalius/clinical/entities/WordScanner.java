package org.vesalius.clinical.entities;

import java.io.IOException;
import java.io.Reader;

/**
 * Cuts a text into words in normal form, block by block, and remembers where in the text each one
 * stands.
 *
 * <p>A word is a run of letters and digits of scripts that write words apart, or a single letter of
 * another script, or a single sign; marks belong to what they follow. Space is no word. A hyphen
 * right between two letters or digits is as space, any other is a sign. So words depend on nothing
 * but what surrounds them, and how a text is cut into blocks makes no difference.
 */
final class WordScanner {
  /** A word with more UTF-16 units in normal form is in no dictionary. */
  static final int WORD_LENGTH = 1024;

  private final NormalText text;
  private final long multiplier;

  /** The units of this block, and how many of them are in words already. */
  private char[] normal;

  private int size;
  private int next;

  private int[] begins;
  private int[] ends;
  private long[] keys;
  private int words;

  private boolean afterLetter;

  /** The first kind of what goes on from an overlong word of the block before; none: -1. */
  private byte goingOn = -1;

  /**
   * Starts at the beginning of a text.
   *
   * @param block UTF-16 units to take at once
   * @param multiplier of the words' hashes, odd
   */
  WordScanner(Reader reader, int block, long multiplier) {
    this.text = new NormalText(reader, block);
    this.multiplier = multiplier;
    normal = text.units();
    begins = new int[normal.length];
    ends = new int[normal.length];
    keys = new long[normal.length];
  }

  /**
   * Takes the next block.
   *
   * @param retain where in the text begins what {@link #text} may still be asked for
   * @return false at the end of the text
   */
  boolean advance(long retain) throws IOException {
    if (text.isLast() && next == size) {
      return false;
    }
    text.advance(next, retain);
    normal = text.units();
    size = text.size();
    next = 0;
    scan();
    return true;
  }

  /** How many words this block has. */
  int words() {
    return words;
  }

  /** Where a word of this block begins in the text. */
  long start(int word) {
    return text.start(begins[word]);
  }

  /** Where it ends. */
  long end(int word) {
    return text.end(ends[word] - 1);
  }

  /** Whether it is longer than any that a dictionary has. */
  boolean isOverlong(int word) {
    return ends[word] - begins[word] > WORD_LENGTH;
  }

  /** The normal form of this block, in which words have places. */
  char[] normal() {
    return normal;
  }

  int begin(int word) {
    return begins[word];
  }

  int length(int word) {
    return ends[word] - begins[word];
  }

  /** A number for a word's letters: see {@link #key(long, long, int, int)}. */
  long key(int word) {
    return keys[word];
  }

  /**
   * Up to nine ASCII letters and digits are packed into seven bits each, so the number is the word.
   * Others have a hash of their letters, below zero.
   */
  private static long key(long packed, long hash, int wide, int length) {
    return length <= 9 && wide < 0x80 ? packed : hash | Long.MIN_VALUE;
  }

  /** A piece of the text that is still kept. */
  String text(long start, long end) {
    return text.source(start, end);
  }

  /** Where the next word begins at the earliest. */
  long position() {
    return next < size ? text.start(next) : text.next();
  }

  /** How much of the source is held at most, in UTF-16 units. */
  int capacity() {
    return text.capacity();
  }

  private void scan() {
    words = 0;
    if (begins.length < size) {
      begins = new int[normal.length];
      ends = new int[normal.length];
      keys = new long[normal.length];
    }
    while (next < size && (plain() || scanOne())) {}
  }

  /**
   * Takes words and spaces for as long as they end before a letter's mark, a pair and the end of
   * the block; false where it cannot take one.
   */
  private boolean plain() {
    if (goingOn >= 0) {
      return false;
    }
    char[] units = normal;
    byte[] kinds = Characters.KIND;
    int last = size - 1;
    int begin = next;
    int n = words;
    boolean letter = afterLetter;
    while (begin < last) {
      byte kind = kinds[units[begin]];
      int i = begin + 1;
      if (kind == Characters.WORD) {
        int c = units[begin];
        long packed = c;
        long hash = c * multiplier;
        int wide = c;
        byte following = kinds[units[i]];
        while (following == Characters.WORD && i < last) {
          c = units[i];
          packed = (packed << 7) | c;
          hash = (hash ^ c) * multiplier;
          wide |= c;
          following = kinds[units[++i]];
        }
        if (following <= Characters.MARK || following == Characters.PAIR) {
          break;
        }
        keys[n] = key(packed, hash, wide, i - begin);
      } else if (kind == Characters.ALONE || kind == Characters.OTHER) {
        byte following = kinds[units[i]];
        if (following == Characters.MARK || following == Characters.PAIR) {
          break;
        }
      } else if (kind == Characters.SPACE) {
        letter = false;
        begin = i;
        continue;
      } else {
        break;
      }
      letter = kind != Characters.OTHER;
      begins[n] = begin;
      ends[n++] = i;
      begin = i;
    }
    boolean moved = begin > next;
    next = begin;
    words = n;
    afterLetter = letter;
    return moved;
  }

  /** Takes the next word or what is none; false where the block ends before that is known. */
  private boolean scanOne() {
    int begin = next;
    if (goingOn >= 0) {
      next = run(begin);
      goingOn = next == size ? goingOn : -1;
      return true;
    }
    byte kind = kind(begin);
    switch (kind) {
      case Characters.SPACE -> {
        afterLetter = false;
        next = begin + 1;
        return true;
      }
      case Characters.HYPHEN -> {
        if (begin + 1 == size && !text.isLast()) {
          return false;
        }
        if (afterLetter && begin + 1 < size && isLetter(kind(begin + 1))) {
          afterLetter = false;
          next = begin + 1;
          return true;
        }
        return sign(begin, begin + 1, false);
      }
      case Characters.WORD, Characters.MARK -> {
        return word(begin);
      }
      default -> {
        return sign(begin, begin + width(begin), kind == Characters.ALONE);
      }
    }
  }

  private boolean word(int begin) {
    int i = begin;
    while (i < size && kind(i) <= Characters.MARK) {
      i += width(i);
    }
    return take(begin, i, true);
  }

  private boolean sign(int begin, int end, boolean letter) {
    int i = end;
    while (i < size && kind(i) == Characters.MARK) {
      i += width(i);
    }
    return take(begin, i, letter);
  }

  private boolean take(int begin, int end, boolean letter) {
    if (end == size && !text.isLast()) {
      if (end - begin <= WORD_LENGTH) {
        return false;
      }
      goingOn = kind(begin) <= Characters.MARK ? Characters.WORD : Characters.MARK;
    }
    long packed = 0;
    long hash = 0;
    int wide = 0;
    for (int i = begin; i < end; i++) {
      packed = (packed << 7) | normal[i];
      hash = (hash ^ normal[i]) * multiplier;
      wide |= normal[i];
    }
    begins[words] = begin;
    ends[words] = end;
    keys[words++] = key(packed, hash, wide, end - begin);
    afterLetter = letter;
    next = end;
    return true;
  }

  /** Where what goes on ends: letters, digits and marks, or only marks. */
  private int run(int begin) {
    int i = begin;
    while (i < size && kind(i) >= goingOn && kind(i) <= Characters.MARK) {
      i += width(i);
    }
    return i;
  }

  private static boolean isLetter(byte kind) {
    return kind == Characters.WORD || kind == Characters.ALONE;
  }

  private byte kind(int i) {
    byte kind = Characters.KIND[normal[i]];
    return kind == Characters.PAIR ? Characters.kind(Character.codePointAt(normal, i, size)) : kind;
  }

  private int width(int i) {
    return Character.charCount(Character.codePointAt(normal, i, size));
  }
}
