package org.vesalius.clinical.trace;

/** Where the answer of a run comes from. */
public enum AnswerSource {
  /** The model ended by answering without another call. */
  MODEL,
  /** The model's answer had not changed for a while, though it went on to call tools. */
  MONITOR_EARLY_STOP,
  /** The run was stopped by a limit, and this is the last answer that the model had given. */
  MONITOR_FALLBACK,
  /** There is none: the run ended before the model had said anything. */
  NONE
}
