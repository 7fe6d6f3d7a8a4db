package org.vesalius.runtime;

/**
 * The format that the matrices of a decoder get when a model is opened; vision towers, projectors,
 * norms, biases and routers stay as they are stored.
 */
public enum WeightFormat {
  /** As the checkpoint has them, in the mapped file. */
  AS_STORED,

  /** F32 and F16 rounded to bfloat16. */
  BF16,

  /**
   * 8-bit floating point numbers (E4M3) with a scale for each row; embedding and head as {@link
   * #BF16}. For GPUs; processors compute with the same numbers in bfloat16, and hold both.
   */
  FP8,

  /** 8-bit integers with a scale for each 256 columns of a row. */
  INT8,

  /**
   * 4-bit integers with a scale and a minimum for each 64 columns of a row; embedding and head, on
   * which answers depend most, as {@link #INT8}.
   */
  INT4
}
