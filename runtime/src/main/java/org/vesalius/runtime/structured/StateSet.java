package org.vesalius.runtime.structured;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a text so far may be: leaves that are open, each with the context that it returns to,
 * and whether the whole may end here. Immutable, but for what is remembered about it.
 */
final class StateSet {
  private static final int ROW = 16;

  private final List<Item> items;
  private final boolean canEnd;
  private final boolean atHiddenSpace;
  private final int hash;

  /** Where symbols lead, in rows of 16; filled as they are asked for. */
  private final @Nullable Row[] rows;

  private static final class Row {
    private final @Nullable StateSet[] targets = new StateSet[ROW];
  }

  private volatile @Nullable TokenMask mask;

  /**
   * An open leaf.
   *
   * @param leaf its number
   * @param state of the leaf
   * @param context what follows it
   * @param key what it has matched so far if it must be unique, otherwise empty
   */
  record Item(int leaf, int state, Context context, String key) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Item item
          && leaf == item.leaf
          && state == item.state
          && context == item.context
          && key.equals(item.key);
    }

    @Override
    public int hashCode() {
      return ((31 * leaf + state) * 31 + Long.hashCode(context.id())) * 31 + key.hashCode();
    }
  }

  /** Stands for a symbol that leads nowhere. */
  static final StateSet DEAD = new StateSet(List.of(), false, false, 0);

  /**
   * @param items in a fixed order, no two equal
   * @param canEnd whether the text may end here
   * @param atHiddenSpace whether the decoder drops a space that comes next
   */
  StateSet(List<Item> items, boolean canEnd, boolean atHiddenSpace, int symbols) {
    this.items = List.copyOf(items);
    this.canEnd = canEnd;
    this.atHiddenSpace = atHiddenSpace;
    hash = 31 * this.items.hashCode() + (canEnd ? 1 : 0) + (atHiddenSpace ? 2 : 0);
    rows = new Row[(symbols + ROW - 1) / ROW];
  }

  List<Item> items() {
    return items;
  }

  /** Whether this is no state: nothing can follow, not even the end. */
  boolean isDead() {
    return items.isEmpty() && !canEnd;
  }

  boolean canEnd() {
    return canEnd;
  }

  /** Whether a space that comes next is not shown, and so not matched. */
  boolean atHiddenSpace() {
    return atHiddenSpace;
  }

  @Nullable StateSet step(int symbol) {
    Row row = rows[symbol / ROW];
    return row == null ? null : row.targets[symbol % ROW];
  }

  void remember(int symbol, StateSet target) {
    Row row = rows[symbol / ROW];
    if (row == null) {
      row = new Row();
      rows[symbol / ROW] = row;
    }
    row.targets[symbol % ROW] = target;
  }

  @Nullable TokenMask mask() {
    return mask;
  }

  void remember(TokenMask known) {
    mask = known;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StateSet set
        && hash == set.hash
        && canEnd == set.canEnd
        && atHiddenSpace == set.atHiddenSpace
        && items.equals(set.items);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return items.size() + " open leaves" + (canEnd ? ", may end" : "");
  }
}
