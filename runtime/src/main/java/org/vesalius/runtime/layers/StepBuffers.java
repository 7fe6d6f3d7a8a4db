package org.vesalius.runtime.layers;

import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * The integer tensors of a step, allocated once for the largest step, and the code that fills them
 * from sequences. One step at a time.
 */
public final class StepBuffers {
  private final Kernels kernels;
  private final KvCache cache;
  private final Tensor ids;
  private final Tensor positions;
  private final Tensor slots;
  private final Tensor targets;
  private final Tensor starts;
  private final Tensor lengths;
  private final Tensor pageTable;
  private final Tensor logitRows;
  private final Tensor groups;
  private final int[] slotValues;
  private final int[] tableValues;

  /**
   * Buffers for steps of up to {@code tokens} tokens of up to {@code sequences} sequences of up to
   * {@code context} tokens.
   *
   * @param axes rows of the positions
   */
  public StepBuffers(
      Kernels kernels, KvCache cache, int tokens, int sequences, int context, int axes) {
    this.kernels = kernels;
    this.cache = cache;
    int pages = Math.ceilDiv(context, KvCache.PAGE_SIZE);
    ids = kernels.allocate(ElementType.I32, 1, tokens);
    positions = kernels.allocate(ElementType.I32, axes, tokens);
    slots = kernels.allocate(ElementType.I32, 1, tokens);
    targets = kernels.allocate(ElementType.I32, 1, tokens);
    starts = kernels.allocate(ElementType.I32, 1, sequences + 1);
    lengths = kernels.allocate(ElementType.I32, 1, sequences);
    pageTable = kernels.allocate(ElementType.I32, sequences, pages);
    logitRows = kernels.allocate(ElementType.I32, 1, Math.max(tokens, sequences));
    groups = kernels.allocate(ElementType.I32, 2, tokens);
    slotValues = new int[tokens];
    tableValues = new int[pages];
  }

  /** Largest number of tokens of a step. */
  public int tokens() {
    return ids.columns();
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
    int tokens = part.ids().length;
    CachedSequence sequence = part.sequence();
    for (int t = 0; t < tokens; t++) {
      slotValues[t] = sequence.slot(sequence.length() - tokens + t);
    }
    for (int p = 0; p < sequence.pageCount(); p++) {
      tableValues[p] = sequence.page(p);
    }
    Tensor stepIds = vector(ids, part.ids(), tokens);
    Tensor stepPositions = positions.columns(0, tokens);
    for (int axis = 0; axis < positions.rows(); axis++) {
      kernels.write(stepPositions.rows(axis, 1), part.positions()[axis]);
    }
    Tensor stepSlots = vector(slots, slotValues, tokens);
    Tensor stepStarts = vector(starts, new int[] {0, tokens}, 2);
    Tensor stepLengths = vector(lengths, new int[] {sequence.length()}, 1);
    Tensor table = pageTable.rows(0, 1).columns(0, sequence.pageCount());
    kernels.write(table, tableValues);
    Step.Splice splice =
        part.spliceRows() == null
            ? null
            : new Step.Splice(
                part.spliceRows(),
                vector(targets, part.spliceTargets(), part.spliceTargets().length));
    return new Step(
        stepIds,
        stepPositions,
        stepSlots,
        stepStarts,
        cache.view(table, stepLengths),
        vector(logitRows, part.wanted(), part.wanted().length),
        splice,
        groups(part),
        Math.max(part.promptLength(), sequence.length()));
  }

  private @Nullable Tensor groups(Part part) {
    if (part.groups().length == 0) {
      return null;
    }
    Tensor view = groups.columns(0, part.ids().length);
    for (int row = 0; row < 2; row++) {
      kernels.write(view.rows(row, 1), part.groups()[row]);
    }
    return view;
  }

  private Tensor vector(Tensor buffer, int[] values, int count) {
    Tensor view = buffer.columns(0, count);
    kernels.write(view, values);
    return view;
  }

  /** The page table's width in tokens: the longest sequence that fits. */
  public int context() {
    return pageTable.columns() * KvCache.PAGE_SIZE;
  }
}
