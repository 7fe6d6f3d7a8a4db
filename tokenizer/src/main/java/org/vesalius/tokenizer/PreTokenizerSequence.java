package org.vesalius.tokenizer;

import java.util.List;

/** Pre-tokenizers one after the other: each cuts the pieces of the one before. */
record PreTokenizerSequence(List<PreTokenizer> steps) implements PreTokenizer {
  PreTokenizerSequence {
    steps = List.copyOf(steps);
  }

  @Override
  public void split(char[] text, int start, int end, PieceSink sink) {
    PieceSink next = sink;
    for (int i = steps.size() - 1; i > 0; i--) {
      PreTokenizer step = steps.get(i);
      PieceSink after = next;
      next = (t, s, e) -> step.split(t, s, e, after);
    }
    if (steps.isEmpty()) {
      new Whole().split(text, start, end, sink);
    } else {
      steps.getFirst().split(text, start, end, next);
    }
  }

  @Override
  public boolean asksForStart() {
    return steps.stream().anyMatch(PreTokenizer::asksForStart);
  }
}
