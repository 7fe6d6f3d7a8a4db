package org.vesalius.clinical.rubric;

/**
 * Text that counts how often a regular expression looks at a character and stops one that does so
 * far too often: Java's expressions search by trying, which can take exponential time.
 */
final class BoundedText implements CharSequence {
  private final CharSequence text;
  private final Budget budget;

  private BoundedText(CharSequence text, Budget budget) {
    this.text = text;
    this.budget = budget;
  }

  /**
   * The text with a number of looks, which its parts share.
   *
   * @param looks at a character before {@link Exhausted} is thrown
   */
  static BoundedText of(String text, long looks) {
    return new BoundedText(text, new Budget(looks));
  }

  @Override
  public char charAt(int index) {
    if (--budget.left < 0) {
      throw new Exhausted();
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return new BoundedText(text.subSequence(start, end), budget);
  }

  @Override
  public String toString() {
    return text.toString();
  }

  /** What is left. */
  private static final class Budget {
    private long left;

    private Budget(long looks) {
      this.left = looks;
    }
  }

  /** All looks are used. */
  static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private Exhausted() {
      super("too many looks at characters", null, false, false);
    }
  }
}
