package org.vesalius.runtime.generate;

/**
 * Says when an answer is a degenerate loop: it ends in one block of tokens over and over, word for
 * word. One per answer, not thread-safe.
 *
 * <p>The bounds leave alone what people want to read. The answer ends in at least {@value
 * #LEAST_TOKENS} tokens, which are at least {@value #LEAST_REPETITIONS} times the same block of at
 * most {@value #LONGEST_BLOCK} tokens:
 *
 * <ul>
 *   <li>Rows of a table, findings of a list and entries of an array differ in a label or a number
 *       now and then, and one token that differs begins anew. What is word for word the same must
 *       fill {@value #LEAST_TOKENS} tokens: 250 times "normal. ", or a grid of 12 by 12 zeros in
 *       JSON, may still be meant.
 *   <li>A block must come {@value #LEAST_REPETITIONS} times, so that a long paragraph that is the
 *       same for each of five lesions is not a loop.
 *   <li>Loops of models have blocks from one token to a paragraph; longer ones were not worth a
 *       larger cost for every token.
 * </ul>
 *
 * <p>A loop that counts ("1. … 2. …") is not seen. Each token costs one comparison for each length
 * of a block, {@value #LONGEST_BLOCK} at most, and no memory.
 */
final class RepetitionFuse {
  static final int LEAST_TOKENS = 512;
  static final int LEAST_REPETITIONS = 6;
  static final int LONGEST_BLOCK = 256;

  private final int leastTokens;
  private final int leastRepetitions;
  private final int longestBlock;

  /** The last tokens, twice behind each other, so that any stretch of them is in one piece. */
  private final int[] recent;

  /** At index {@code p}: how many tokens up to now equal the one {@code p} before them. */
  private final int[] equal;

  private int next;
  private int known;

  RepetitionFuse() {
    this(LEAST_TOKENS, LEAST_REPETITIONS, LONGEST_BLOCK);
  }

  /** With other bounds; at least 2 repetitions. */
  RepetitionFuse(int leastTokens, int leastRepetitions, int longestBlock) {
    this.leastTokens = leastTokens;
    this.leastRepetitions = leastRepetitions;
    this.longestBlock = longestBlock;
    recent = new int[2 * longestBlock];
    equal = new int[longestBlock + 1];
  }

  /**
   * Takes the next token of the answer.
   *
   * @return whether the answer ends in a loop now
   */
  boolean add(int id) {
    boolean loop = false;
    int newest = next + longestBlock;
    for (int block = 1; block <= known; block++) {
      int length = recent[newest - block] == id ? equal[block] + 1 : 0;
      equal[block] = length;
      // The first block of the loop equals nothing before it.
      loop |= length + block >= Math.max(leastTokens, leastRepetitions * block);
    }
    recent[next] = id;
    recent[next + longestBlock] = id;
    next = next + 1 == longestBlock ? 0 : next + 1;
    known = Math.min(known + 1, longestBlock);
    return loop;
  }
}
