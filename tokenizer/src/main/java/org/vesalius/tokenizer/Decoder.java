package org.vesalius.tokenizer;

import java.util.List;

/**
 * The part that turns tokens back into text. It works token by token, so that the same code serves
 * whole texts and streams. Immutable.
 */
sealed interface Decoder
    permits Decoder.Spaced,
        Decoder.Fuse,
        Decoder.Chain,
        ByteLevelDecoder,
        ByteFallbackDecoder,
        ReplaceDecoder,
        StripDecoder,
        MetaspaceDecoder,
        WordPieceDecoder,
        BpeDecoder,
        CtcDecoder {
  /** A run of the decoder over one text, which hands its result on to {@code next}. */
  Stage open(Stage next);

  /** One step of a run. Not thread-safe. */
  interface Stage {
    /** Takes the next part of the current token: whole code points, valid during the call only. */
    void text(CharSequence part);

    /** The current token is complete. */
    void end();

    /** There are no more tokens: hands on what was kept back. */
    void finish();
  }

  /** The end of a chain: collects the text. */
  record Collector(StringBuilder text) implements Stage {
    @Override
    public void text(CharSequence part) {
      text.append(part);
    }

    @Override
    public void end() {}

    @Override
    public void finish() {}
  }

  /** No decoder: tokens with a space between, as the reference does it. */
  record Spaced() implements Decoder {
    @Override
    public Stage open(Stage next) {
      return new Stage() {
        private boolean first = true;
        private boolean inside;

        @Override
        public void text(CharSequence part) {
          separate();
          next.text(part);
        }

        @Override
        public void end() {
          separate();
          inside = false;
          next.end();
        }

        private void separate() {
          if (!inside && !first) {
            next.text(" ");
          }
          inside = true;
          first = false;
        }

        @Override
        public void finish() {
          next.finish();
        }
      };
    }
  }

  /** Joins all tokens into one. Steps after it that need a whole token wait for the end. */
  record Fuse() implements Decoder {
    @Override
    public Stage open(Stage next) {
      return new Stage() {
        @Override
        public void text(CharSequence part) {
          next.text(part);
        }

        @Override
        public void end() {}

        @Override
        public void finish() {
          next.end();
          next.finish();
        }
      };
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
