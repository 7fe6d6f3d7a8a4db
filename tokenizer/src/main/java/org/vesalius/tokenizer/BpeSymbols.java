package org.vesalius.tokenizer;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a piece is made of before the first merge. */
sealed interface BpeSymbols {
  /** Most symbols that one UTF-16 unit can become. */
  int PER_CHAR = 3;

  /** The most symbols that a piece of so many UTF-16 units can become. */
  default int most(int chars) {
    return Math.multiplyExact(chars, PER_CHAR);
  }

  /**
   * Writes the ids of the symbols of {@code text[start, end)} to {@code ids} and returns how many
   * there are. A symbol without a token becomes the unknown token, or nothing where the vocabulary
   * has none, as in the reference.
   */
  int read(char[] text, int start, int end, int[] ids);

  /** The vocabulary's way of writing a piece, for a look-up of the whole piece. */
  String spelling(char[] text, int start, int end);

  /** Bytes of the UTF-8 form. */
  final class Bytes implements BpeSymbols {
    private final int[] ids;
    private final Unknown unknown;

    /**
     * @param ids id of each byte, -1 where the vocabulary has none
     * @param unknown what stands for such a byte
     */
    Bytes(int[] ids, Unknown unknown) {
      this.ids = ids;
      this.unknown = unknown;
    }

    @Override
    public int read(char[] text, int start, int end, int[] out) {
      int count = 0;
      boolean complete = true;
      for (int i = start; i < end; i++) {
        int c = text[i];
        if (c < 0x80) {
          out[count++] = ids[c];
        } else if (c < 0x800) {
          out[count++] = ids[0xC0 | (c >> 6)];
          out[count++] = ids[0x80 | (c & 0x3F)];
        } else if (Character.isHighSurrogate((char) c)) {
          int codePoint = Character.toCodePoint((char) c, text[++i]);
          out[count++] = ids[0xF0 | (codePoint >> 18)];
          out[count++] = ids[0x80 | ((codePoint >> 12) & 0x3F)];
          out[count++] = ids[0x80 | ((codePoint >> 6) & 0x3F)];
          out[count++] = ids[0x80 | (codePoint & 0x3F)];
        } else {
          out[count++] = ids[0xE0 | (c >> 12)];
          out[count++] = ids[0x80 | ((c >> 6) & 0x3F)];
          out[count++] = ids[0x80 | (c & 0x3F)];
        }
      }
      for (int i = 0; i < count; i++) {
        complete &= out[i] >= 0;
      }
      return complete ? count : unknown.replace(out, count);
    }

    @Override
    public String spelling(char[] text, int start, int end) {
      return ByteLevelNormalizer.spell(new String(text, start, end - start));
    }
  }

  /** Code points, each alone or with an affix that marks its place in the piece. */
  final class CodePointTokens implements BpeSymbols {
    private final Vocabulary vocabulary;
    private final int @Nullable [] byteTokens;
    private final Unknown unknown;
    private final String prefix;
    private final String suffix;

    /** Ids of the Basic Multilingual Plane's code points, which are almost all there are. */
    private final int[] plane = new int[Character.MIN_SUPPLEMENTARY_CODE_POINT];

    /**
     * @param vocabulary where their ids are looked up
     * @param byteTokens ids of {@code <0x00>} to {@code <0xFF>}, which stand for the bytes of a
     *     code point without a token; null without byte fallback
     * @param unknown what stands for the others
     * @param prefix stands before every code point but the first
     * @param suffix stands after the last code point
     */
    CodePointTokens(
        Vocabulary vocabulary,
        int @Nullable [] byteTokens,
        Unknown unknown,
        String prefix,
        String suffix) {
      this.vocabulary = vocabulary;
      this.byteTokens = byteTokens;
      this.unknown = unknown;
      this.prefix = prefix;
      this.suffix = suffix;
      for (int c = 0; c < plane.length; c++) {
        plane[c] = vocabulary.modelId(Character.toString(c));
      }
    }

    @Override
    public int most(int chars) {
      return Math.addExact(
          Math.multiplyExact(chars, PER_CHAR * (1 + prefix.length())), PER_CHAR * suffix.length());
    }

    @Override
    public int read(char[] text, int start, int end, int[] out) {
      int count = 0;
      boolean complete = true;
      for (int i = start; i < end; ) {
        int codePoint = Character.codePointAt(text, i, end);
        String before = i == start ? "" : prefix;
        i += Character.charCount(codePoint);
        String after = i == end ? suffix : "";
        int id = id(before, codePoint, after);
        if (id < 0 && byteTokens != null) {
          String symbol = before + Character.toString(codePoint) + after;
          for (byte b : symbol.getBytes(StandardCharsets.UTF_8)) {
            out[count++] = byteTokens[b & 0xFF];
          }
        } else {
          out[count++] = id;
          complete &= id >= 0;
        }
      }
      return complete ? count : unknown.replace(out, count);
    }

    private int id(String before, int codePoint, String after) {
      if (!before.isEmpty() || !after.isEmpty()) {
        return vocabulary.modelId(before + Character.toString(codePoint) + after);
      }
      return codePoint < plane.length
          ? plane[codePoint]
          : vocabulary.modelId(Character.toString(codePoint));
    }

    @Override
    public String spelling(char[] text, int start, int end) {
      return new String(text, start, end - start);
    }
  }

  /**
   * What stands for a symbol without a token.
   *
   * @param id the unknown token, -1 for leaving such symbols out
   * @param fuse neighbours become one unknown token
   */
  record Unknown(int id, boolean fuse) {
    int replace(int[] ids, int count) {
      int kept = 0;
      boolean previous = false;
      for (int i = 0; i < count; i++) {
        boolean missing = ids[i] < 0;
        if (!missing) {
          ids[kept++] = ids[i];
        } else if (id >= 0 && !(fuse && previous)) {
          ids[kept++] = id;
        }
        previous = missing;
      }
      return kept;
    }
  }
}
