package org.vesalius.bench;

/** The operations that {@link KernelBenchmark} measures. */
public enum KernelOperation {
  RMS_NORM,
  ADD_RMS_NORM,
  ROTATE_AND_CACHE,
  GATED_ACTIVATION,
  /** One matrix of the experts of Qwen3-30B-A3B, whatever the model. */
  EXPERTS,
  /** The tokens attend to themselves. */
  PREFILL_ATTENTION,
  /** One token attends to a whole context. */
  DECODE_ATTENTION
}
