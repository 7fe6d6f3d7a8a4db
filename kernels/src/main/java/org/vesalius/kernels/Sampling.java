package org.vesalius.kernels;

/**
 * What {@link Kernels#sample} draws tokens by, as tensors, so that a recorded step goes on with
 * other requests and other random numbers.
 *
 * @param parameters {@code (10, rows)} I32, by {@link #put}: of each row the bits of the F32
 *     numbers of its {@link SamplingRule}, which are temperature, top-p, min-p, and the repetition,
 *     presence and frequency penalties; then top-k, the row of {@code history}, or -1 where nothing
 *     is penalized, and the higher and the lower half of a random number of 64 bits, which has to
 *     be another one for each token
 * @param history {@code (requests, vocabulary)} I32: twice how often a token occurs in the answer
 *     so far, and 1 more if it occurs in the prompt. No two rows may have the same
 */
public record Sampling(Tensor parameters, Tensor history) {
  /** Rows of {@link #parameters}. */
  public static final int PARAMETERS = 10;

  /** What an occurrence in the answer adds to the history of a token. */
  public static final int OCCURRENCE = 2;

  /** Columns beyond which sums of weights would overflow. */
  private static final int MOST_COLUMNS = 1 << 22;

  /**
   * Writes one row's column of {@link #parameters}.
   *
   * @param values all of them, row by row
   * @param rows how many rows are sampled
   * @param historyRow row of the history, or -1
   * @param random uniformly distributed over all numbers of 64 bits
   */
  public static void put(
      int[] values, int rows, int row, SamplingRule rule, int historyRow, long random) {
    values[row] = Float.floatToRawIntBits(rule.temperature());
    values[rows + row] = Float.floatToRawIntBits(rule.topP());
    values[2 * rows + row] = Float.floatToRawIntBits(rule.minP());
    values[3 * rows + row] = Float.floatToRawIntBits(rule.repetitionPenalty());
    values[4 * rows + row] = Float.floatToRawIntBits(rule.presencePenalty());
    values[5 * rows + row] = Float.floatToRawIntBits(rule.frequencyPenalty());
    values[6 * rows + row] = rule.topK();
    values[7 * rows + row] = historyRow;
    values[8 * rows + row] = (int) (random >>> 32);
    values[9 * rows + row] = (int) random;
  }

  /** The rule of a row, where Java can read it. */
  public SamplingRule rule(int row) {
    return new SamplingRule(
        number(0, row),
        integer(6, row),
        number(1, row),
        number(2, row),
        number(3, row),
        number(4, row),
        number(5, row));
  }

  /** The row of the history of a row, or -1, where Java can read it. */
  public int historyRow(int row) {
    return integer(7, row);
  }

  /** The random number of a row, where Java can read it. */
  public long random(int row) {
    return (long) integer(8, row) << 32 | Integer.toUnsignedLong(integer(9, row));
  }

  private float number(int index, int row) {
    return Float.intBitsToFloat(integer(index, row));
  }

  private int integer(int index, int row) {
    return Contents.integer(parameters, index, row);
  }

  /** Checks the shapes of {@link Kernels#sample}. */
  public void checkShapes(Tensor out, Tensor logits) {
    Shapes.require(
        logits.type() == ElementType.F32
            && logits.columns() <= MOST_COLUMNS
            && out.type() == ElementType.I32
            && out.rows() == 1
            && out.columns() == logits.rows(),
        "sample",
        "logits F32 (rows, at most " + MOST_COLUMNS + ") and out I32 (1, rows)",
        out,
        logits);
    Shapes.require(
        parameters.type() == ElementType.I32
            && parameters.rows() == PARAMETERS
            && parameters.columns() == logits.rows()
            && history.type() == ElementType.I32
            && history.columns() == logits.columns(),
        "sample",
        "parameters I32 ("
            + PARAMETERS
            + ", "
            + logits.rows()
            + ") and history I32 (requests, "
            + logits.columns()
            + ")",
        parameters,
        history);
  }

  /** Checks that the history has every row that is named, where Java can read it. */
  public void checkContents() {
    for (int row = 0; row < parameters.columns(); row++) {
      int found = historyRow(row);
      if (found < -1 || found >= history.rows()) {
        throw new IndexOutOfBoundsException(
            "sample: expected rows of the history from -1 to below "
                + history.rows()
                + ", found "
                + found
                + " at "
                + row);
      }
    }
  }
}
