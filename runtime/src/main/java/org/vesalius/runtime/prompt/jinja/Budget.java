package org.vesalius.runtime.prompt.jinja;

/**
 * What one rendering may spend, so that no template, however written, runs forever or fills the
 * memory. Real prompts stay far below: rendering a million characters of conversation takes some
 * tens of millions of units.
 */
final class Budget {
  /** Units of work: 16 for every evaluated node and one for every character or item touched. */
  private static final long MAX_WORK = 1L << 29;

  /** Characters, and items times eight, that all intermediate results may have together. */
  private static final long MAX_MADE = 1L << 28;

  /** Levels of nested evaluation, including recursive macros and loops. */
  private static final int MAX_DEPTH = 1000;

  private static final int STEP = 16;

  private long work;
  private long made;
  private int depth;

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new Problem("evaluation is nested more than " + MAX_DEPTH + " levels deep");
    }
    work(STEP);
  }

  void leave() {
    depth--;
  }

  /** Charges for reading a value whole. */
  void reads(Object value) {
    work(size(value));
  }

  /** Charges for a new value. */
  <T> T makes(T value) {
    long size = size(value);
    work(size);
    made += size;
    if (made > MAX_MADE) {
      throw new Problem("the template makes more than " + MAX_MADE + " characters of text or data");
    }
    return value;
  }

  private void work(long units) {
    work += units;
    if (work > MAX_WORK) {
      throw new Problem("the template does not end within the limit of " + MAX_WORK + " steps");
    }
  }

  private static long size(Object value) {
    return switch (value) {
      case Text text -> text.length();
      case Sequence sequence -> 8L * sequence.items().size();
      case Dict dict -> 8L * dict.size();
      case DictView view -> 8L * view.dict().size();
      case Range range -> 8 * range.length();
      default -> 1;
    };
  }
}
