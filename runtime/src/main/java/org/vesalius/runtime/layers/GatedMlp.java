package org.vesalius.runtime.layers;

import org.vesalius.kernels.Activation;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;

/**
 * Feed-forward network with a gate: {@code down(activation(gate(x)) * up(x))} (Shazeer 2020).
 *
 * @param gate {@code (inner, width)}
 * @param up {@code (inner, width)}
 * @param down {@code (width, inner)}
 * @param activation of the gate
 */
public record GatedMlp(Linear gate, Linear up, Linear down, Activation activation)
    implements FeedForward {

  @Override
  public void forward(Kernels kernels, Tensor out, Tensor x, MlpScratch scratch) {
    int inner = gate.weight().rows();
    Tensor gated = scratch.gated().firstRows(x.rows()).columns(0, inner);
    Tensor raised = scratch.raised().firstRows(x.rows()).columns(0, inner);
    gate.forward(kernels, gated, x);
    up.forward(kernels, raised, x);
    kernels.gatedActivation(gated, raised, activation);
    down.forward(kernels, out, gated);
  }
}
