package org.vesalius.runtime.layers;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.Activation;
import org.vesalius.kernels.ExpertRouting;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * Sparse feed-forward network: a router gives each token to a few of many gated networks and mixes
 * their outputs (Shazeer et al. 2017). Tokens are grouped by expert, so that the weights of an
 * expert are read once for a batch.
 *
 * @param router {@code (experts, width)}
 * @param inputs matrices from the width to gates and ups, {@code 2 * inner} rows in all; a list of
 *     one per expert for each
 * @param down {@code (width, inner)} for each expert
 * @param activation of the gate
 * @param renormalise see {@link ExpertConfig}
 */
public record ExpertMlp(
    Linear router,
    List<List<Weight>> inputs,
    List<Weight> down,
    Activation activation,
    boolean renormalise)
    implements FeedForward {

  /**
   * Reads one matrix per expert and name, or the matrices of all experts fused into one tensor, in
   * either orientation.
   */
  static ExpertMlp read(WeightReader reader, DecoderConfig config, ExpertConfig experts) {
    Linear router =
        reader.as(MatrixRole.PLAIN).linear("gate", experts.count(), config.width(), false);
    WeightReader at = reader.at("experts");
    int inner = experts.innerWidth();
    int width = config.width();
    List<List<Weight>> inputs = new ArrayList<>();
    List<Weight> down;
    if (at.has("gate_up_proj")) {
      boolean turned =
          at.hasShape("gate_up_proj", experts.count(), width, 2L * inner)
              && at.hasShape("down_proj", experts.count(), inner, width);
      inputs.add(at.stacked("gate_up_proj", experts.count(), 2 * inner, width, turned));
      down = at.stacked("down_proj", experts.count(), width, inner, turned);
    } else {
      inputs.add(each(at, "gate_proj", experts.count(), inner, width));
      inputs.add(each(at, "up_proj", experts.count(), inner, width));
      down = each(at, "down_proj", experts.count(), width, inner);
    }
    return new ExpertMlp(
        router, List.copyOf(inputs), down, config.activation(), experts.renormalise());
  }

  private static List<Weight> each(WeightReader at, String name, int count, int rows, int columns) {
    List<Weight> weights = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      weights.add(at.weight(e + "." + name + ".weight", rows, columns));
    }
    return List.copyOf(weights);
  }

  @Override
  public void forward(Kernels kernels, Tensor out, Tensor x, MlpScratch scratch) {
    MlpScratch.Experts experts = scratch.experts().orElseThrow();
    int tokens = x.rows();
    ExpertRouting routing = experts.routing().firstTokens(tokens);
    int choices = routing.rows().columns();
    int inner = down.getFirst().columns();
    Tensor logits = experts.logits().firstRows(tokens);
    Tensor grouped = experts.grouped().firstRows(choices);
    Tensor raised = experts.raised().firstRows(choices);
    Tensor lowered = experts.lowered().firstRows(choices);

    router.forward(kernels, logits, x);
    kernels.route(routing, logits, renormalise);
    kernels.gatherRows(grouped, x, routing.rows());
    int column = 0;
    for (List<Weight> input : inputs) {
      int rows = input.getFirst().rows();
      kernels.expertLinear(raised.columns(column, rows), grouped, input, routing.starts());
      column += rows;
    }
    Tensor gated = raised.columns(0, inner);
    kernels.gatedActivation(gated, raised.columns(inner, inner), activation);
    kernels.expertLinear(lowered, gated, down, routing.starts());
    kernels.mixRows(out, lowered, routing.places(), routing.shares());
  }
}
