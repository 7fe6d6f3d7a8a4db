package org.vesalius.runtime;

/**
 * How well tokens were guessed ahead, see {@link ChatRequest#speculativeTokens}.
 *
 * @param checks steps that checked guesses
 * @param proposed tokens that were guessed
 * @param accepted those of them that the model wrote itself
 */
public record DraftAcceptance(int checks, int proposed, int accepted) {
  /** Nothing was guessed. */
  public static final DraftAcceptance NONE = new DraftAcceptance(0, 0, 0);

  /** Checks the order. */
  public DraftAcceptance {
    if (checks < 0 || accepted < 0 || accepted > proposed) {
      throw new IllegalArgumentException(
          "expected at least 0 accepted of as many proposed tokens or more, found "
              + accepted
              + " of "
              + proposed
              + " in "
              + checks
              + " checks");
    }
  }

  /** The share of guessed tokens that were right, from 0 to 1; 0 where none was guessed. */
  public double rate() {
    return proposed == 0 ? 0 : (double) accepted / proposed;
  }

  /** These and those of one more check. */
  public DraftAcceptance plus(int more, int right) {
    return new DraftAcceptance(checks + 1, proposed + more, accepted + right);
  }
}
