package org.vesalius.clinical.agent;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.clinical.agent.TraceRecorder.TokenRange;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;

/** Counts which tokens of an answer wrote its reasoning and which its calls. */
final class TokenWatch implements GenerationListener {
  private int tokens;
  private int reasoning;
  private final List<Integer> calls = new ArrayList<>();

  void reset() {
    tokens = 0;
    reasoning = 0;
    calls.clear();
  }

  @Override
  public void on(GenerationEvent event) {
    switch (event) {
      case GenerationEvent.Token _ -> tokens++;
      case GenerationEvent.ReasoningText _ -> reasoning = tokens;
      case GenerationEvent.ToolCalled _ -> calls.add(tokens);
      default -> {}
    }
  }

  /** Those of the reasoning. */
  TokenRange reasoning() {
    return new TokenRange(0, reasoning);
  }

  /** Those after the reasoning. */
  TokenRange rest(int count) {
    return new TokenRange(Math.min(reasoning, count), count);
  }

  /** Those from the call before, or the reasoning, to the end of a call. */
  TokenRange call(int index) {
    if (index >= calls.size()) {
      return TokenRange.NONE;
    }
    int first = index == 0 ? reasoning : calls.get(index - 1);
    return new TokenRange(Math.min(first, calls.get(index)), calls.get(index));
  }
}
