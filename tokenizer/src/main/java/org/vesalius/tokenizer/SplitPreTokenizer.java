package org.vesalius.tokenizer;

/**
 * Cuts text at the matches of a pattern.
 *
 * @param pattern what to look for
 * @param behavior what becomes of a match
 * @param invert what lies between matches is treated as the match, and the other way round
 */
record SplitPreTokenizer(SplitPattern pattern, Behavior behavior, boolean invert)
    implements PreTokenizer {

  /** What becomes of a match; the names are those of tokenizer.json. */
  enum Behavior {
    ISOLATED("Isolated"),
    REMOVED("Removed"),
    MERGED_WITH_PREVIOUS("MergedWithPrevious"),
    MERGED_WITH_NEXT("MergedWithNext"),
    CONTIGUOUS("Contiguous");

    private final String label;

    Behavior(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    if (behavior == Behavior.ISOLATED) {
      Isolating isolating = new Isolating(sink, start);
      pattern.forEachMatch(text, start, end, isolating);
      isolating.gap(text, end);
    } else {
      Segments segments = segments(text, start, end);
      switch (behavior) {
        case REMOVED -> {
          for (int i = 0; i < segments.size(); i++) {
            if (!segments.match(i)) {
              emit(text, segments.start(i), segments.start(i + 1), sink);
            }
          }
        }
        case CONTIGUOUS -> mergeEqual(text, segments, sink);
        case MERGED_WITH_PREVIOUS -> mergeWithPrevious(text, segments, sink);
        case MERGED_WITH_NEXT -> mergeWithNext(text, segments, sink);
        case ISOLATED -> throw new AssertionError("handled above");
      }
    }
  }

  private static void mergeEqual(char[] text, Segments segments, PieceSink sink) {
    int from = 0;
    for (int i = 1; i <= segments.size(); i++) {
      if (i == segments.size() || segments.match(i) != segments.match(from)) {
        emit(text, segments.start(from), segments.start(i), sink);
        from = i;
      }
    }
  }

  /** A match joins the segment before it, unless that is a match as well. */
  private static void mergeWithPrevious(char[] text, Segments segments, PieceSink sink) {
    int from = 0;
    for (int i = 1; i <= segments.size(); i++) {
      if (i == segments.size() || !segments.match(i) || segments.match(i - 1)) {
        emit(text, segments.start(from), segments.start(i), sink);
        from = i;
      }
    }
  }

  /** A match joins the segment after it, unless that is a match as well. */
  private static void mergeWithNext(char[] text, Segments segments, PieceSink sink) {
    int from = 0;
    for (int i = 1; i <= segments.size(); i++) {
      if (i == segments.size() || !segments.match(i - 1) || segments.match(i)) {
        emit(text, segments.start(from), segments.start(i), sink);
        from = i;
      }
    }
  }

  private Segments segments(char[] text, int start, int end) {
    Segments segments = new Segments(start, end);
    int[] previous = {start};
    pattern.forEachMatch(
        text,
        start,
        end,
        (t, s, e) -> {
          if (s > previous[0]) {
            segments.add(previous[0], invert);
          }
          segments.add(s, !invert);
          previous[0] = e;
        });
    if (previous[0] < end) {
      segments.add(previous[0], invert);
    }
    return segments;
  }

  private static void emit(char[] text, int start, int end, PieceSink sink) {
    if (start < end) {
      sink.accept(text, start, end);
    }
  }

  /** Passes matches on, and what lies between them. */
  private static final class Isolating implements PieceSink {
    private final PieceSink sink;
    private int previous;

    Isolating(PieceSink sink, int start) {
      this.sink = sink;
      this.previous = start;
    }

    @Override
    public void accept(char[] text, int start, int end) {
      gap(text, start);
      previous = end;
      if (start < end) {
        sink.accept(text, start, end);
      }
    }

    void gap(char[] text, int start) {
      if (previous < start) {
        sink.accept(text, previous, start);
      }
    }
  }

  /**
   * Starts of consecutive segments and whether each is a match; the end of the last one is the end
   * of the text.
   */
  private static final class Segments {
    private final IntList starts = new IntList(64);
    private final int end;

    Segments(int start, int end) {
      assert start <= end;
      this.end = end;
    }

    void add(int start, boolean match) {
      starts.add(match ? ~start : start);
    }

    int size() {
      return starts.size();
    }

    int start(int index) {
      if (index == starts.size()) {
        return end;
      }
      int value = starts.get(index);
      return value < 0 ? ~value : value;
    }

    boolean match(int index) {
      return starts.get(index) < 0;
    }
  }
}
