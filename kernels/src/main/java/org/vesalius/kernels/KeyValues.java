package org.vesalius.kernels;

import java.util.List;

/** Where attention reads its keys and values. */
public sealed interface KeyValues {

  /**
   * The keys and values of the same ragged batch as the queries, nothing remembered: sequence
   * {@code s} of the queries attends to rows {@code starts[s]} to {@code starts[s + 1]} of {@code
   * keys} and {@code values}.
   *
   * @param keys {@code (tokens, kvHeads * headSize)}
   * @param values {@code (tokens, kvHeads * headSize)}
   */
  record Ragged(Tensor keys, Tensor values) implements KeyValues {}

  /**
   * The keys and values of one layer in fixed-size pages, so that sequences grow without moving and
   * can share pages.
   *
   * <p>Page {@code p} lies in slab {@code p / pagesPerSlab}. Inside a slab row {@code ((p %
   * pagesPerSlab) * kvHeads + head) * pageSize + slot} holds one head of one token, so the keys of
   * a head in a page are contiguous. Pages come in slabs because the pool grows with use; a device
   * backend may have a single slab.
   *
   * <p>A slab of I8 comes with one scale per row: the numbers of row {@code r} are {@code keys[r] *
   * keyScales[0][r]}. Other slabs have none. All slabs of a cache have one {@link CacheFormat}.
   *
   * @param keys one contiguous tensor per slab, {@code (pagesPerSlab * kvHeads * pageSize,
   *     headSize)} F32, BF16 or I8
   * @param values as {@code keys}
   * @param keyScales one tensor per slab of I8, {@code (1, rows of the slab)} F32; else empty
   * @param valueScales as {@code keyScales}
   * @param kvHeads number of key/value heads
   * @param pageSize tokens of a page
   * @param pagesPerSlab pages of a slab
   * @param pageTable {@code (sequences, pages)} I32: the pages of each sequence of the batch in
   *     order
   * @param lengths {@code (1, sequences)} I32: tokens of each sequence in the cache, those of this
   *     batch included; the queries of a sequence are its last tokens
   */
  record Paged(
      List<Tensor> keys,
      List<Tensor> values,
      List<Tensor> keyScales,
      List<Tensor> valueScales,
      int kvHeads,
      int pageSize,
      int pagesPerSlab,
      Tensor pageTable,
      Tensor lengths)
      implements KeyValues {

    /** A cache whose format has no scales. */
    public Paged(
        List<Tensor> keys,
        List<Tensor> values,
        int kvHeads,
        int pageSize,
        int pagesPerSlab,
        Tensor pageTable,
        Tensor lengths) {
      this(keys, values, List.of(), List.of(), kvHeads, pageSize, pagesPerSlab, pageTable, lengths);
    }

    /** How the slabs store numbers; F32 while there are none. */
    public CacheFormat format() {
      return keys.isEmpty() ? CacheFormat.F32 : CacheFormat.of(keys.getFirst().type());
    }
  }
}
