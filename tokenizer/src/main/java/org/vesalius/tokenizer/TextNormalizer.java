package org.vesalius.tokenizer;

import java.util.List;

/** The part that rewrites text before it is cut into pieces. Immutable. */
sealed interface TextNormalizer
    permits NfcNormalizer,
        UnicodeFormNormalizer,
        LowercaseNormalizer,
        StripNormalizer,
        CharacterFilter,
        ReplaceNormalizer,
        PrependNormalizer,
        BertNormalizer,
        PrecompiledNormalizer,
        ByteLevelNormalizer,
        TextNormalizer.Chain {
  /** The normalized text; the same instance when nothing changes. */
  String normalize(String text);

  /**
   * A quick look: true only when {@link #normalize} would not change {@code text[start, end)};
   * false says nothing.
   */
  default boolean surelyKeeps(char[] text, int start, int end) {
    return false;
  }

  /**
   * Whether text may be cut before this code point: both sides normalized apart are then, end to
   * end, the whole normalized. False is always a right answer.
   */
  default boolean mayCutBefore(int codePoint) {
    return false;
  }

  /**
   * Whether the first character of the normalized text counts as coming from the first of {@code
   * text}, in the reference's bookkeeping of origins: not so where characters were removed before
   * it.
   */
  default boolean keepsStart(String text) {
    return true;
  }

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

    @Override
    public boolean keepsStart(String text) {
      String result = text;
      for (TextNormalizer step : steps) {
        if (!step.keepsStart(result)) {
          return false;
        }
        result = step.normalize(result);
      }
      return true;
    }
  }
}
