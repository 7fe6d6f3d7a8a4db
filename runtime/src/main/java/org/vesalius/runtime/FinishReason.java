package org.vesalius.runtime;

/** Why an answer ended. */
public enum FinishReason {
  /** The model ended it, or a stop string did. */
  STOP,
  /** It reached the wanted length or the end of the context. */
  LENGTH,
  /** The caller cancelled it. */
  CANCELLED,
  /** Its time was over. */
  DEADLINE,
  /** It only repeated itself. */
  REPETITION
}
