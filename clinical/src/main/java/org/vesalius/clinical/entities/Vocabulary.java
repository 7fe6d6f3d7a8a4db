package org.vesalius.clinical.entities;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** The words of a dictionary as numbers from 1; 0 is any other word. */
final class Vocabulary {
  /** Nobody can know it and make words that all fall into one slot. */
  private final long multiplier = ThreadLocalRandom.current().nextLong() | 5;

  /** Words of one UTF-16 unit, which are all Han characters and signs, by that unit. */
  private final int[] singles = new int[1 << 16];

  /** Keys of longer words, open addressing; 0 is none. */
  private long[] keys = new long[64];

  /** Their numbers. */
  private int[] numbers = new int[64];

  /** What is left of a product to be a place in the table. */
  private int shift = Long.SIZE - 6;

  private char[] letters = new char[256];
  private int lettersUsed;

  /** Where the letters of each word begin; none for single ones. */
  private final Ints starts = new Ints(64);

  private int longer;

  Vocabulary() {
    starts.add(0);
    starts.add(0);
  }

  long multiplier() {
    return multiplier;
  }

  /** The greatest number. */
  int size() {
    return starts.size() - 2;
  }

  /** The number of a word, or 0. */
  int find(char[] text, int begin, int length, long key) {
    if (length == 1) {
      return singles[text[begin]];
    }
    int mask = keys.length - 1;
    for (int i = place(key); ; i = (i + 1) & mask) {
      long found = keys[i];
      // A key from zero on is the word itself, one below is only a hash of it.
      if (found == key && (key >= 0 || is(numbers[i], text, begin, length))) {
        return numbers[i];
      }
      if (found == 0) {
        return 0;
      }
    }
  }

  private int place(long key) {
    return (int) ((key * multiplier) >>> shift);
  }

  private boolean is(int word, char[] text, int begin, int length) {
    int start = starts.get(word);
    return starts.get(word + 1) - start == length
        && Arrays.equals(letters, start, start + length, text, begin, begin + length);
  }

  /** The number of a word, a new one if need be. */
  int intern(char[] text, int begin, int length, long key) {
    int known = find(text, begin, length, key);
    if (known != 0) {
      return known;
    }
    int word = size() + 1;
    if (length == 1) {
      singles[text[begin]] = word;
    } else {
      if (lettersUsed + length > letters.length) {
        letters =
            Arrays.copyOf(letters, Math.addExact(letters.length, letters.length / 2 + length));
      }
      System.arraycopy(text, begin, letters, lettersUsed, length);
      lettersUsed += length;
      if ((++longer + 1L) * 2 > keys.length) {
        grow();
      }
      put(key, word);
    }
    starts.add(lettersUsed);
    return word;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldNumbers = numbers;
    keys = new long[Math.multiplyExact(oldKeys.length, 2)];
    numbers = new int[keys.length];
    shift--;
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        put(oldKeys[i], oldNumbers[i]);
      }
    }
  }

  private void put(long key, int number) {
    int mask = keys.length - 1;
    int i = place(key);
    while (keys[i] != 0) {
      i = (i + 1) & mask;
    }
    keys[i] = key;
    numbers[i] = number;
  }

  long byteSize() {
    return 4L * (singles.length + starts.size()) + 12L * keys.length + 2L * letters.length;
  }
}
