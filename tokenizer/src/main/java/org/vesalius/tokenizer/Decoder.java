package org.vesalius.tokenizer;

import java.util.List;

/**
 * The part that turns tokens back into text. It works token by token, so that the same code serves
 * whole texts and streams. Immutable.
 */
sealed interface Decoder permits Decoder.Spaced, Decoder.Fuse, Decoder.Chain, ByteLevelDecoder {
  /** A run of the decoder over one text, which hands its result on to {@code next}. */
  Stage open(Stage next);

  /** One step of a run. Not thread-safe. */
  interface Stage {
    /** Takes a token, or a piece of text from the step before. */
    void accept(CharSequence token);

    /** Hands on what was kept back. */
    void finish();
  }

  /** The end of a chain: collects the text. */
  record Collector(StringBuilder text) implements Stage {
    @Override
    public void accept(CharSequence token) {
      text.append(token);
    }

    @Override
    public void finish() {}
  }

  /** No decoder: tokens with a space between, as the reference does it. */
  record Spaced() implements Decoder {
    @Override
    public Stage open(Stage next) {
      return new Stage() {
        private boolean first = true;

        @Override
        public void accept(CharSequence token) {
          if (!first) {
            next.accept(" ");
          }
          first = false;
          next.accept(token);
        }

        @Override
        public void finish() {
          next.finish();
        }
      };
    }
  }

  /**
   * Joins tokens into one. Only a later step that looks at single tokens could tell the difference,
   * and there is none so far, so tokens pass as they are.
   */
  record Fuse() implements Decoder {
    @Override
    public Stage open(Stage next) {
      return next;
    }
  }

  /** Decoders one after the other. */
  record Chain(List<Decoder> steps) implements Decoder {
    public Chain {
      steps = List.copyOf(steps);
    }

    @Override
    public Stage open(Stage next) {
      Stage stage = next;
      for (Decoder step : steps.reversed()) {
        stage = step.open(stage);
      }
      return stage;
    }
  }
}
