package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
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
        // Index 0 is the start of all the text and nothing else.
        from = startsText(start, before) ? 0 : 1;
        to = from + after.length();
        section = new char[to];
        after.getChars(0, after.length(), section, from);
        places = filter == AddedTokenFilter.ALL ? places : new Origins(filter, start, before, from);
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

  private boolean startsText(int start, String section) {
    return !preTokenizer.asksForStart() || (start == 0 && normalizer.keepsStart(section));
  }

  /**
   * A filter for places of normalized text: it asks for the text they came from, as closely as the
   * normalizer allows cuts. An answer never leaves out a character that the place may come from.
   * Built when first asked.
   */
  private final class Origins implements AddedTokenMatcher.Filter {
    private final AddedTokenFilter filter;
    private final int offset;
    private final String text;
    private final int shift;
    private int[] originalStarts = {};
    private int[] normalizedStarts = {};

    /**
     * @param offset where the text starts in all the text
     * @param text the text before normalization
     * @param shift where the normalized text starts in its array
     */
    Origins(AddedTokenFilter filter, int offset, String text, int shift) {
      this.filter = filter;
      this.offset = offset;
      this.text = text;
      this.shift = shift;
    }

    @Override
    public boolean accept(AddedToken token, int start, int end) {
      if (originalStarts.length == 0) {
        cut();
      }
      return filter.accept(
          token,
          offset + originalStarts[cutBefore(start - shift)],
          offset + originalStarts[cutAfter(end - shift)]);
    }

    private void cut() {
      IntList original = new IntList(64);
      IntList rewritten = new IntList(64);
      int length = 0;
      for (int i = 0; i < text.length(); ) {
        int next = i + Character.charCount(text.codePointAt(i));
        while (next < text.length() && !normalizer.mayCutBefore(text.codePointAt(next))) {
          next += Character.charCount(text.codePointAt(next));
        }
        original.add(i);
        rewritten.add(length);
        length += normalizer.normalize(text.substring(i, next)).length();
        i = next;
      }
      original.add(text.length());
      rewritten.add(length);
      originalStarts = original.toArray();
      normalizedStarts = rewritten.toArray();
    }

    /** The first of the cuts that are nearest before a place or at it. */
    private int cutBefore(int place) {
      int found = Arrays.binarySearch(normalizedStarts, place);
      int cut = found >= 0 ? found : -found - 2;
      while (cut > 0 && normalizedStarts[cut - 1] == normalizedStarts[cut]) {
        cut--;
      }
      return cut;
    }

    /** The last of the cuts that are nearest after a place or at it. */
    private int cutAfter(int place) {
      int found = Arrays.binarySearch(normalizedStarts, place);
      int cut = found >= 0 ? found : -found - 1;
      while (cut + 1 < normalizedStarts.length
          && normalizedStarts[cut + 1] == normalizedStarts[cut]) {
        cut++;
      }
      return cut;
    }
  }
}
