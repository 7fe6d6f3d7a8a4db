package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * Text to ids: added tokens are taken out of the raw text; what lies between is normalized, added
 * tokens that are looked for in normalized text are taken out; the rest is cut into pieces for the
 * model.
 *
 * @param raw added tokens of raw text
 * @param normalizer rewrites the text between them
 * @param normalized added tokens of normalized text
 * @param preTokenizer cuts the rest
 * @param model turns pieces into ids
 */
record EncodePipeline(
    AddedTokenMatcher raw,
    TextNormalizer normalizer,
    AddedTokenMatcher normalized,
    PreTokenizer preTokenizer,
    Model model) {

  int[] encode(char[] text, AddedTokenFilter filter) {
    IntList ids = new IntList(text.length / 3);
    PieceSink pieces = model.open(ids);
    if (filter == AddedTokenFilter.NONE) {
      section(text, 0, text.length, filter, ids, pieces);
      return ids.toArray();
    }
    raw.find(
        text,
        0,
        text.length,
        filter::accept,
        new AddedTokenMatcher.Sink() {
          @Override
          public void text(int start, int end) {
            section(text, start, end, filter, ids, pieces);
          }

          @Override
          public void token(AddedToken token) {
            ids.add(token.id());
          }
        });
    return ids.toArray();
  }

  /** The pieces that the model would get for a text without added tokens. */
  List<String> pieces(char[] text) {
    List<String> pieces = new ArrayList<>();
    section(
        text,
        0,
        text.length,
        AddedTokenFilter.NONE,
        new IntList(0),
        (t, s, e) -> pieces.add(new String(t, s, e - s)));
    return pieces;
  }

  private void section(
      char[] text, int start, int end, AddedTokenFilter filter, IntList ids, PieceSink pieces) {
    char[] section = text;
    int from = start;
    int to = end;
    AddedTokenMatcher.Filter places = filter::accept;
    if (!normalizer.surelyKeeps(text, start, end)) {
      String before = new String(text, start, end - start);
      String after = normalizer.normalize(before);
      if (!after.equals(before)) {
        section = after.toCharArray();
        from = 0;
        to = section.length;
        Origins origins = new Origins(normalizer, before);
        places =
            (token, s, e) -> filter.accept(token, start + origins.start(s), start + origins.end(e));
      }
    }
    if (filter == AddedTokenFilter.NONE) {
      preTokenizer.split(section, from, to, pieces);
      return;
    }
    char[] searched = section;
    normalized.find(
        searched,
        from,
        to,
        places,
        new AddedTokenMatcher.Sink() {
          @Override
          public void text(int s, int e) {
            preTokenizer.split(searched, s, e, pieces);
          }

          @Override
          public void token(AddedToken token) {
            ids.add(token.id());
          }
        });
  }

  /**
   * From places of normalized text back to the text it came from, as closely as the normalizer
   * allows cuts: an answer never leaves out a character that the place may come from.
   */
  private static final class Origins {
    private final IntList originalStarts = new IntList(64);
    private final IntList normalizedStarts = new IntList(64);

    Origins(TextNormalizer normalizer, String text) {
      int normalizedStart = 0;
      for (int i = 0; i < text.length(); ) {
        int next = i + Character.charCount(text.codePointAt(i));
        while (next < text.length() && !normalizer.mayCutBefore(text.codePointAt(next))) {
          next += Character.charCount(text.codePointAt(next));
        }
        originalStarts.add(i);
        normalizedStarts.add(normalizedStart);
        normalizedStart += normalizer.normalize(text.substring(i, next)).length();
        i = next;
      }
      originalStarts.add(text.length());
      normalizedStarts.add(normalizedStart);
    }

    int start(int place) {
      int i = 0;
      while (i + 1 < normalizedStarts.size() && normalizedStarts.get(i + 1) <= place) {
        i++;
      }
      return originalStarts.get(i);
    }

    int end(int place) {
      int i = 0;
      while (normalizedStarts.get(i) < place) {
        i++;
      }
      return originalStarts.get(i);
    }
  }
}
