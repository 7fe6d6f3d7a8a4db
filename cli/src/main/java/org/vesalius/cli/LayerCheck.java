package org.vesalius.cli;

import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.NumericalException;
import org.vesalius.runtime.layers.FiniteCheck;

/** Answers a request and looks at what every layer computes meanwhile. */
final class LayerCheck {
  private LayerCheck() {}

  /**
   * Answers, and says how it went.
   *
   * @throws CommandFailure naming the first layer with a number that is not finite
   */
  static Generation generate(
      ChatModel model, ChatRequest request, GenerationListener listener, Terminal terminal) {
    FiniteCheck check = new FiniteCheck();
    Generation generation;
    try {
      generation = model.generator().generate(request, listener, check);
    } catch (NumericalException e) {
      throw check
          .first()
          .map(found -> new CommandFailure(found.describe(), e))
          .orElseGet(() ->
              new CommandFailure(e.getMessage() + "; every layer's own numbers are finite", e));
    }
    check
        .first()
        .ifPresent(found -> {
          throw new CommandFailure(found.describe());
        });
    terminal
        .err()
        .println(
            terminal.freshLine()
                + terminal.dim(
                    "layers: "
                        + check.activations()
                        + " activations, all numbers finite, at most "
                        + check.largest()
                        + " in "
                        + check.largestIn()));
    return generation;
  }
}
