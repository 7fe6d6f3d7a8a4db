package org.vesalius.runtime.layers;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * The integer tensors of a step, and the code that fills them from sequences. They lie one after
 * the other in memory that is allocated once for the largest step, so that a step is one copy to
 * where it is computed; those of a step of one token are always at the same place. One step at a
 * time.
 */
public final class StepBuffers {
  private final Kernels kernels;
  private final KvCache cache;
  private final int tokens;
  private final int pages;
  private final Tensor all;
  private final int[] values;
  private int used;

  /**
   * Buffers for steps of up to {@code tokens} tokens of one sequence of up to {@code context}
   * tokens.
   *
   * @param axes rows of the positions
   */
  public StepBuffers(Kernels kernels, KvCache cache, int tokens, int context, int axes) {
    this.kernels = kernels;
    this.cache = cache;
    this.tokens = tokens;
    pages = Math.ceilDiv(context, KvCache.PAGE_SIZE);
    // Ids, positions, slots, rows of logits, targets, and first and end of groups; then the starts
    // and the length of the sequence, and its pages.
    values = new int[Math.addExact(Math.multiplyExact(tokens, 6 + axes), 3 + pages)];
    all = kernels.allocate(ElementType.I32, 1, values.length);
  }

  /** Largest number of tokens of a step. */
  public int tokens() {
    return tokens;
  }

  /**
   * A part of one sequence: its next tokens. The sequence has been extended by them already.
   *
   * @param sequence where the keys and values go
   * @param ids the tokens
   * @param positions {@code [axis][token]}
   * @param spliceRows image embeddings among these tokens, or null
   * @param spliceTargets the tokens that they replace, counted from the first of {@code ids}
   * @param groups {@code [first, end][token]} of the tokens, as positions in the sequence, that
   *     each token sees in both directions; empty if there are none
   * @param wanted the tokens whose logits are wanted, counted likewise
   * @param promptLength tokens of the sequence's prompt
   */
  @SuppressWarnings("ArrayRecordComponent") // a bundle of arguments; never compared
  public record Part(
      CachedSequence sequence,
      int[] ids,
      int[][] positions,
      @Nullable Tensor spliceRows,
      int[] spliceTargets,
      int[][] groups,
      int[] wanted,
      int promptLength) {}

  /** A step over one part. */
  public Step step(Part part) {
    int count = part.ids().length;
    CachedSequence sequence = part.sequence();
    used = 0;
    Tensor ids = put(part.ids());
    Tensor positions = put(part.positions(), count);
    int[] slots = new int[count];
    Arrays.setAll(slots, t -> sequence.slot(sequence.length() - count + t));
    Tensor stepSlots = put(slots);
    Tensor starts = put(new int[] {0, count});
    Tensor length = put(new int[] {sequence.length()});
    Tensor logitRows = put(part.wanted());
    Step.Splice splice =
        part.spliceRows() == null
            ? null
            : new Step.Splice(part.spliceRows(), put(part.spliceTargets()));
    Tensor groups = part.groups().length == 0 ? null : put(part.groups(), count);
    int[] table = new int[tableWidth(count, sequence.pageCount())];
    for (int p = 0; p < sequence.pageCount(); p++) {
      table[p] = sequence.page(p);
    }
    Tensor pageTable = put(table);
    kernels.write(all.columns(0, used), values);
    return new Step(
        ids,
        positions,
        stepSlots,
        starts,
        cache.view(pageTable, length),
        logitRows,
        splice,
        groups,
        Math.max(part.promptLength(), sequence.length()));
  }

  /** Rounded up for single tokens, so that steps of many lengths have the same shapes. */
  private int tableWidth(int count, int held) {
    return count == 1 ? Math.min(pages, 2 * Integer.highestOneBit(Math.max(1, held))) : held;
  }

  private Tensor put(int[] row) {
    return put(new int[][] {row}, row.length);
  }

  private Tensor put(int[][] rows, int columns) {
    long from = (long) used * Integer.BYTES;
    for (int[] row : rows) {
      System.arraycopy(row, 0, values, used, columns);
      used += columns;
    }
    return new Tensor(ElementType.I32, all.data().asSlice(from), rows.length, columns, columns);
  }

  /** The page table's width in tokens: the longest sequence that fits. */
  public int context() {
    return pages * KvCache.PAGE_SIZE;
  }
}
