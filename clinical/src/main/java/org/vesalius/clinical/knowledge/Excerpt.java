package org.vesalius.clinical.knowledge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/** Finds the part of a passage that has most of the words of a query. */
final class Excerpt {
  private record Word(String term, int start, int end) {}

  private Excerpt() {}

  /** Of at most {@code length} characters, beginning and ending between words. */
  static Passage of(Passage passage, String query, int length) {
    String text = passage.text();
    if (text.length() <= length) {
      return passage;
    }
    Set<String> wanted = new HashSet<>();
    words(query).forEach(word -> wanted.add(word.term()));
    List<Word> hits = words(text).stream().filter(word -> wanted.contains(word.term())).toList();
    int best = 0;
    int most = 0;
    for (int i = 0; i < hits.size(); i++) {
      int count = within(hits, i, length * 3 / 4);
      if (count > most) {
        most = count;
        best = hits.get(i).start();
      }
    }
    int start = wordStart(text, Math.clamp(best - length / 4, 0, text.length() - length));
    int end = wordEnd(text, start, Math.min(text.length(), start + length));
    return new Passage(
        passage.document(), passage.start() + start, passage.start() + end, passage.score());
  }

  /** How many different words lie in a window that begins with one. */
  private static int within(List<Word> hits, int first, int length) {
    Set<String> terms = new HashSet<>();
    int end = hits.get(first).start() + length;
    for (int i = first; i < hits.size() && hits.get(i).end() <= end; i++) {
      terms.add(hits.get(i).term());
    }
    return terms.size();
  }

  private static int wordStart(String text, int at) {
    for (int i = at; i > 0 && i < Math.min(text.length(), at + 40); i++) {
      if (Character.isWhitespace(text.charAt(i - 1))) {
        return i;
      }
    }
    return Texts.boundary(text, at);
  }

  private static int wordEnd(String text, int start, int at) {
    for (int i = at; i < text.length() && i > Math.max(start + 1, at - 40); i--) {
      if (Character.isWhitespace(text.charAt(i))) {
        return i;
      }
    }
    return Texts.boundary(text, at);
  }

  private static List<Word> words(String text) {
    List<Word> words = new ArrayList<>();
    try (MixedAnalyzer analyzer = new MixedAnalyzer();
        TokenStream stream = analyzer.tokenStream("text", text)) {
      CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
      OffsetAttribute place = stream.addAttribute(OffsetAttribute.class);
      stream.reset();
      while (stream.incrementToken()) {
        words.add(new Word(term.toString(), place.startOffset(), place.endOffset()));
      }
      stream.end();
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be read", e);
    }
    return words;
  }
}
