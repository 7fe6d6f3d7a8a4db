package org.vesalius.tokenizer;

import java.nio.CharBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes the two long parts of a tokenizer.json, {@code model.vocab} and {@code model.merges}, out
 * of its bytes without making an object for each of their hundred thousands of values. What is left
 * is a small document in which the two are empty, for the JSON parser to judge.
 *
 * <p>Reads only what is certainly good: both parts in strict JSON, each key and id once, every
 * merge of two tokens. For anything else {@link #of} answers null, and whoever reads the whole file
 * as a tree says what is wrong with it and where. So it needs no messages, and may give up on rare
 * things that are fine, such as merges that stand before the vocabulary.
 */
final class ModelScan {
  /** Longest text that is read here, in UTF-16 units; the JSON parser has a limit for names. */
  private static final int LONGEST = 10_000;

  private static final int MOST_DIGITS = 9;
  private static final String VERSION = "#version";

  private final byte[] json;
  private int at;

  private final char[] text = new char[LONGEST];
  private int length;
  private int hash;

  private @Nullable TokenTable vocabulary;
  private int vocabularyStart;
  private int vocabularyEnd;
  private int[] pairs = new int[1 << 12];
  private int mergeCount = -1;
  private int mergesStart;
  private int mergesEnd;

  private ModelScan(byte[] json) {
    this.json = json;
  }

  /** What was taken out of a file. */
  static final class Parts {
    /** The tokens of the model. */
    final TokenTable vocabulary;

    /** The ids of each merge, left and right in turn; null where the file has no merges. */
    final int @Nullable [] pairs;

    /** The file with an empty object and an empty array in their places. */
    final byte[] rest;

    private Parts(TokenTable vocabulary, int @Nullable [] pairs, byte[] rest) {
      this.vocabulary = vocabulary;
      this.pairs = pairs;
      this.rest = rest;
    }
  }

  /** The parts of a file, or null where it has none that are certainly good. */
  static @Nullable Parts of(byte[] json) {
    ModelScan scan = new ModelScan(json);
    TokenTable vocabulary = scan.top() ? scan.vocabulary : null;
    return vocabulary == null
        ? null
        : new Parts(
            vocabulary,
            scan.mergeCount < 0 ? null : Arrays.copyOf(scan.pairs, 2 * scan.mergeCount),
            scan.rest());
  }

  private byte[] rest() {
    boolean merges = mergeCount >= 0;
    int middle = merges ? mergesStart : json.length;
    int tail = merges ? json.length - mergesEnd : 0;
    byte[] rest = new byte[vocabularyStart + 2 + middle - vocabularyEnd + (merges ? 2 : 0) + tail];
    System.arraycopy(json, 0, rest, 0, vocabularyStart);
    int to = vocabularyStart;
    rest[to++] = '{';
    rest[to++] = '}';
    System.arraycopy(json, vocabularyEnd, rest, to, middle - vocabularyEnd);
    to += middle - vocabularyEnd;
    if (merges) {
      rest[to++] = '[';
      rest[to++] = ']';
      System.arraycopy(json, mergesEnd, rest, to, tail);
    }
    return rest;
  }

  /** Reads up to the end of the model; what follows it is left to the parser. */
  private boolean top() {
    if (!take('{')) {
      return false;
    }
    do {
      if (!string() || !take(':')) {
        return false;
      }
      if (is("model")) {
        return model();
      }
      if (!skip()) {
        return false;
      }
    } while (take(','));
    return false;
  }

  private boolean model() {
    if (!take('{')) {
      return false;
    }
    do {
      if (!string() || !take(':')) {
        return false;
      }
      boolean read;
      if (is("vocab")) {
        read = vocabulary == null && vocabulary();
      } else if (is("merges")) {
        read = mergeCount < 0 && merges();
      } else {
        read = skip();
      }
      if (!read) {
        return false;
      }
    } while (take(','));
    return take('}');
  }

  private boolean vocabulary() {
    blanks();
    vocabularyStart = at;
    if (!take('{')) {
      return false;
    }
    TokenTable table = new TokenTable();
    do {
      if (!string() || !take(':')) {
        return false;
      }
      int id = number();
      // The same bound for holes as in a tree of the file, here by what is known so far.
      if (id < 0 || id > ModelJson.largestId(json.length / 5)) {
        return false;
      }
      if (!table.add(text, 0, length, hash, id)) {
        return false;
      }
    } while (take(','));
    if (!take('}') || table.limit() - 1 > ModelJson.largestId(table.size())) {
      return false;
    }
    vocabularyEnd = at;
    vocabulary = table;
    return true;
  }

  private boolean merges() {
    blanks();
    mergesStart = at;
    TokenTable table = vocabulary;
    if (table == null || !take('[')) {
      return false;
    }
    int count = 0;
    if (!take(']')) {
      do {
        if (2 * count == pairs.length) {
          pairs = Arrays.copyOf(pairs, 2 * pairs.length);
        }
        if (!merge(table, 2 * count)) {
          return false;
        }
        count++;
      } while (take(','));
      if (!take(']')) {
        return false;
      }
    }
    mergeCount = count;
    mergesEnd = at;
    return true;
  }

  /** A merge as {@code "left right"} or {@code ["left", "right"]}. */
  private boolean merge(TokenTable table, int to) {
    if (take('[')) {
      pairs[to] = string() ? table.id(text, 0, length) : TokenTable.NONE;
      pairs[to + 1] = take(',') && string() ? table.id(text, 0, length) : TokenTable.NONE;
      return pairs[to] >= 0 && pairs[to + 1] >= 0 && take(']');
    }
    if (!string() || version()) {
      return false;
    }
    int gap = 0;
    while (gap < length && text[gap] != ' ') {
      gap++;
    }
    if (gap == length) {
      return false;
    }
    pairs[to] = table.id(text, 0, gap);
    pairs[to + 1] = table.id(text, gap + 1, length);
    for (int i = gap + 1; i < length; i++) {
      if (text[i] == ' ') {
        return false;
      }
    }
    return pairs[to] >= 0 && pairs[to + 1] >= 0;
  }

  /** Whether the text is the first line of a file of merges, which is none. */
  private boolean version() {
    return length >= VERSION.length()
        && text[0] == '#'
        && VERSION.contentEquals(CharBuffer.wrap(text, 0, VERSION.length()));
  }

  private void blanks() {
    while (at < json.length
        && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
      at++;
    }
  }

  /** Goes past a character and the blanks before it, if it is there. */
  private boolean take(char c) {
    blanks();
    if (at < json.length && json[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private boolean is(String name) {
    return name.contentEquals(CharBuffer.wrap(text, 0, length));
  }

  /** A whole number without a sign, or -1. */
  private int number() {
    blanks();
    int start = at;
    int value = 0;
    while (at < json.length && at - start < MOST_DIGITS && json[at] >= '0' && json[at] <= '9') {
      value = 10 * value + json[at++] - '0';
    }
    // What may not follow a number fails where a comma or a bracket is expected.
    boolean good = at > start && (json[start] != '0' || at == start + 1);
    return good ? value : -1;
  }

  /** Reads a string to {@link #text}, with its {@link #hash}. */
  private boolean string() {
    if (!take('"')) {
      return false;
    }
    int size = 0;
    int sum = 0;
    int i = at;
    while (i < json.length && size < LONGEST - 1) {
      int c = json[i++];
      if (c == '"') {
        at = i;
        length = size;
        hash = sum;
        return true;
      }
      if (c < ' ' || c == '\\') {
        at = i;
        c = c < 0 ? several(c) : c == '\\' ? escape() : -1;
        i = at;
        if (c < 0) {
          return false;
        }
        if (c >= Character.MIN_SUPPLEMENTARY_CODE_POINT) {
          char high = Character.highSurrogate(c);
          text[size++] = high;
          sum = 31 * sum + high;
          c = Character.lowSurrogate(c);
        }
      }
      text[size++] = (char) c;
      sum = 31 * sum + c;
    }
    return false;
  }

  /** The code point of a UTF-8 sequence after its first byte, or -1 for one that is not valid. */
  private int several(int first) {
    int more = first < (byte) 0xE0 ? 1 : first < (byte) 0xF0 ? 2 : 3;
    int c = first & (0x3F >> more);
    if (first < (byte) 0xC0 || first >= (byte) 0xF8 || json.length - at < more) {
      return -1;
    }
    for (int i = 0; i < more; i++) {
      int b = json[at++];
      if ((b & 0xC0) != 0x80) {
        return -1;
      }
      c = c << 6 | (b & 0x3F);
    }
    int least = more == 1 ? 0x80 : more == 2 ? 0x800 : Character.MIN_SUPPLEMENTARY_CODE_POINT;
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    return c < least || c > Character.MAX_CODE_POINT || surrogate ? -1 : c;
  }

  /** The UTF-16 unit of an escape after its backslash, or -1. */
  private int escape() {
    int b = at < json.length ? json[at++] : -1;
    return switch (b) {
      case '"', '\\', '/' -> b;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unit();
      default -> -1;
    };
  }

  /** The UTF-16 unit of four hexadecimal digits, or -1. */
  private int unit() {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < json.length && json[at] > 0 ? Character.digit((char) json[at++], 16) : -1;
      if (digit < 0) {
        return -1;
      }
      unit = unit << 4 | digit;
    }
    return unit;
  }

  /** Goes past a value of any kind; whether it is good, the parser will tell. */
  private boolean skip() {
    blanks();
    int depth = 0;
    while (at < json.length) {
      byte b = json[at];
      if (b == '"') {
        if (!skipString()) {
          return false;
        }
      } else if (b == '{' || b == '[') {
        depth++;
        at++;
      } else if (b == '}' || b == ']') {
        if (depth == 0) {
          return true;
        }
        depth--;
        at++;
      } else if (b == ',' && depth == 0) {
        return true;
      } else {
        at++;
      }
    }
    return false;
  }

  private boolean skipString() {
    for (at++; at < json.length; at++) {
      if (json[at] == '\\') {
        at++;
      } else if (json[at] == '"') {
        at++;
        return true;
      }
    }
    return false;
  }
}
