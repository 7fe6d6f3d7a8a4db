package org.vesalius.kernels;

import java.lang.foreign.ValueLayout;

/**
 * The rules for what integer tensors of {@link Kernels} contain, for backends that can look at them
 * before they compute. A violation throws {@link IndexOutOfBoundsException} and nothing has been
 * written.
 */
public final class Contents {
  private Contents() {}

  /** The integer in row {@code row} and column {@code column}. */
  public static int integer(Tensor x, int row, int column) {
    return x.data().get(ValueLayout.JAVA_INT, 4 * ((long) row * x.stride() + column));
  }

  /** Every element of {@code index} is at least 0 and below {@code bound}. */
  public static void indices(String operation, Tensor index, int bound) {
    for (int row = 0; row < index.rows(); row++) {
      for (int i = 0; i < index.columns(); i++) {
        int value = integer(index, row, i);
        if (value < 0 || value >= bound) {
          throw new IndexOutOfBoundsException(
              operation + ": expected indices below " + bound + ", found " + value + " at " + i);
        }
      }
    }
  }

  /** Every slot lies in a page of the cache. */
  public static void slots(String operation, Tensor slots, KeyValues.Paged cache) {
    indices(
        operation,
        slots,
        (int) Math.min(Integer.MAX_VALUE, (long) pages(cache) * cache.pageSize()));
  }

  /**
   * Starts ascend within the rows of the batch, every sequence has at least as many keys as
   * queries, and the page table names existing pages for all of them.
   */
  public static void attention(Tensor q, KeyValues keyValues, Tensor starts) {
    int sequences = starts.columns() - 1;
    int rows =
        keyValues instanceof KeyValues.Ragged ragged
            ? Math.min(q.rows(), ragged.keys().rows())
            : q.rows();
    int before = 0;
    for (int s = 0; s <= sequences; s++) {
      int start = integer(starts, 0, s);
      if (start < before || start > rows) {
        throw new IndexOutOfBoundsException(
            "attention: expected starts that ascend from 0 to at most "
                + rows
                + ", found "
                + start
                + " after "
                + before);
      }
      before = start;
    }
    if (keyValues instanceof KeyValues.Paged paged) {
      for (int s = 0; s < sequences; s++) {
        sequence(paged, s, integer(starts, 0, s + 1) - integer(starts, 0, s));
      }
    }
  }

  /**
   * Every query's group holds the query itself and only keys of its sequence. Starts and lengths
   * have been checked.
   */
  public static void groups(Tensor groups, KeyValues keyValues, Tensor starts) {
    for (int s = 0; s + 1 < starts.columns(); s++) {
      int start = integer(starts, 0, s);
      int queries = integer(starts, 0, s + 1) - start;
      int length =
          keyValues instanceof KeyValues.Paged paged ? integer(paged.lengths(), 0, s) : queries;
      for (int t = 0; t < queries; t++) {
        int first = integer(groups, 0, start + t);
        int end = integer(groups, 1, start + t);
        int position = length - queries + t;
        if (first < 0 || first > position || end <= position || end > length) {
          throw new IndexOutOfBoundsException(
              "attention: expected a group around position "
                  + position
                  + " within 0 to "
                  + length
                  + " for sequence "
                  + s
                  + ", found "
                  + first
                  + " to "
                  + end);
        }
      }
    }
  }

  /** Starts of groups ascend from 0 to the number of rows. */
  public static void starts(String operation, Tensor starts, int rows) {
    int before = 0;
    for (int i = 0; i < starts.columns(); i++) {
      int start = integer(starts, 0, i);
      boolean wrongEnd = i == 0 ? start != 0 : i == starts.columns() - 1 && start != rows;
      if (start < before || wrongEnd) {
        throw new IndexOutOfBoundsException(
            operation
                + ": expected starts that ascend from 0 to "
                + rows
                + ", found "
                + start
                + " at "
                + i);
      }
      before = start;
    }
  }

  private static void sequence(KeyValues.Paged paged, int s, int queries) {
    int length = integer(paged.lengths(), 0, s);
    long room = (long) paged.pageTable().columns() * paged.pageSize();
    if (length < queries || length > room) {
      throw new IndexOutOfBoundsException(
          "attention: expected a length of "
              + queries
              + " to "
              + room
              + " for sequence "
              + s
              + ", found "
              + length);
    }
    int pages = pages(paged);
    for (int i = 0; i < (length + paged.pageSize() - 1) / paged.pageSize(); i++) {
      int page = integer(paged.pageTable(), s, i);
      if (page < 0 || page >= pages) {
        throw new IndexOutOfBoundsException(
            "attention: expected pages below "
                + pages
                + " for sequence "
                + s
                + ", found "
                + page
                + " at "
                + i);
      }
    }
  }

  private static int pages(KeyValues.Paged cache) {
    return Math.multiplyExact(cache.keys().size(), cache.pagesPerSlab());
  }
}
