package org.vesalius.runtime;

/** How the hidden states of many tokens become one vector. */
public enum Pooling {
  /** The mean over all tokens. */
  MEAN,

  /** That of the last token, which has seen all others. */
  LAST
}
