package org.vesalius.tokenizer;

import java.lang.Character.UnicodeScript;
import org.jspecify.annotations.Nullable;

/**
 * Cuts where the script changes; Japanese syllables count as ideographs. Spaces and characters of
 * no known script go with what is before them, and are left out, as in the reference, where nothing
 * is before them.
 */
record UnicodeScriptsPreTokenizer() implements PreTokenizer {
  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    int piece = -1;
    UnicodeScript previous = null;
    for (int i = start; i < end; ) {
      int codePoint = Character.codePointAt(text, i, end);
      UnicodeScript script = script(codePoint);
      if (script != null && script != previous) {
        if (piece >= 0) {
          sink.accept(text, piece, i);
        }
        piece = i;
        previous = script;
      }
      i += Character.charCount(codePoint);
    }
    if (piece >= 0) {
      sink.accept(text, piece, end);
    }
  }

  private static @Nullable UnicodeScript script(int codePoint) {
    return switch (codePoint) {
      case ' ' -> null;
      case 0x30FC -> UnicodeScript.HAN;
      // These have moved to another script since the reference's tables were made.
      case 0x589, 0x61C -> UnicodeScript.COMMON;
      case 0x953, 0x954 -> UnicodeScript.DEVANAGARI;
      default -> {
        if (OlderUnicode.lacksScript(codePoint)) {
          yield null;
        }
        UnicodeScript script = UnicodeScript.of(codePoint);
        yield switch (script) {
          case HIRAGANA, KATAKANA -> UnicodeScript.HAN;
          case UNKNOWN -> null;
          default -> script;
        };
      }
    };
  }
}
