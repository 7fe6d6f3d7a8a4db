package org.vesalius.tokenizer;

import java.util.List;

/** The part that rewrites text before it is cut into pieces. Immutable. */
sealed interface TextNormalizer permits NfcNormalizer, TextNormalizer.Chain {
  /** The normalized text; the same instance when nothing changes. */
  String normalize(String text);

  /**
   * A quick look: true only when {@link #normalize} would not change {@code text[start, end)};
   * false says nothing.
   */
  boolean surelyKeeps(char[] text, int start, int end);

  /**
   * Whether text may be cut before this code point: both sides normalized apart are then, end to
   * end, the whole normalized.
   */
  boolean mayCutBefore(int codePoint);

  /** Normalizers one after the other; none at all leaves text as it is. */
  record Chain(List<TextNormalizer> steps) implements TextNormalizer {
    static final Chain NONE = new Chain(List.of());

    public Chain {
      steps = List.copyOf(steps);
    }

    @Override
    public String normalize(String text) {
      String result = text;
      for (TextNormalizer step : steps) {
        result = step.normalize(result);
      }
      return result;
    }

    @Override
    public boolean surelyKeeps(char[] text, int start, int end) {
      for (TextNormalizer step : steps) {
        if (!step.surelyKeeps(text, start, end)) {
          return false;
        }
      }
      return true;
    }

    /** A second step sees code points that the first has made, so only a single step can tell. */
    @Override
    public boolean mayCutBefore(int codePoint) {
      return steps.isEmpty() || (steps.size() == 1 && steps.getFirst().mayCutBefore(codePoint));
    }
  }
}
