package org.vesalius.runtime.layers;

import org.vesalius.runtime.WeightFormat;

/** What a matrix is for: it decides which format it may get. */
public enum MatrixRole {
  /** Anything that stays as it is stored: vision towers, projectors, routers. */
  PLAIN,

  /** Attention, feed-forward networks and experts of the decoder. */
  DECODER,

  /** Embedding and head of the decoder, a row for each token. */
  VOCABULARY;

  /** The format that a matrix of this role has in a model of a format. */
  public WeightFormat format(WeightFormat model) {
    return switch (this) {
      case PLAIN -> WeightFormat.AS_STORED;
      case DECODER -> model;
      case VOCABULARY ->
          switch (model) {
            case INT4 -> WeightFormat.INT8;
            case FP8 -> WeightFormat.BF16;
            case AS_STORED, BF16, INT8 -> model;
          };
    };
  }
}
