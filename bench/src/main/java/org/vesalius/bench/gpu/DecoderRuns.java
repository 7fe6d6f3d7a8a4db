package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;

/** Measures the decoder of a model: single tokens of one sequence or of many, and prompts. */
final class DecoderRuns {
  /** Steps before the first that counts: the first two are recorded, more for the compiler. */
  private static final int WARM_STEPS = 12;

  private final OpenedModel opened;
  private final ModelShape shape;

  DecoderRuns(OpenedModel opened, ModelShape shape) {
    this.opened = opened;
    this.shape = shape;
  }

  /** One sequence, the likeliest token of every step. */
  ObjectNode decode() {
    int context = shape.runs().intValue("decode_context");
    int tokens = shape.runs().intValue("decode_tokens");
    Engine engine = opened.engine(context, context + WARM_STEPS + tokens + 1);
    int[] ids = OpenedModel.tokens(WARM_STEPS + tokens, 3);
    StepResult next = StepResult.likeliest();
    ObjectNode json = PartFile.JSON.createObjectNode();
    try (CachedSequence sequence = engine.newSequence()) {
      opened.feed(engine, sequence, opened.prompt(OpenedModel.tokens(context, 2)), next);
      int[] at = {0};
      Times.of(
              WARM_STEPS,
              tokens,
              () -> {
                engine.decode(sequence, ids[at[0]], sequence.length(), next, LayerObserver.NONE);
                at[0]++;
              })
          .write(json);
      float[] logits = new float[shape.vocabulary()];
      engine.decode(sequence, 1, sequence.length(), StepResult.logits(logits), LayerObserver.NONE);
      requireSense("logits", logits);
    }
    json.put("context", context);
    json.put("weight_bytes", opened.work().decodeBytes(0));
    json.put("bytes", opened.work().decodeBytes(context + WARM_STEPS + tokens / 2));
    json.put("load_seconds", opened.loadSeconds());
    return json;
  }

  /** Many sequences that get a token each in one step. */
  ObjectNode batch() {
    int sequences = shape.runs().intValue("batch");
    int context = shape.runs().intValue("batch_context");
    int tokens = shape.runs().intValue("batch_tokens");
    ObjectNode json = PartFile.JSON.createObjectNode();
    int longest = context + WARM_STEPS + tokens;
    try (SequenceBatch batch =
        new SequenceBatch(opened.kernels(), opened.model(), sequences, longest, context)) {
      for (int s = 0; s < sequences; s++) {
        batch.feed(s, OpenedModel.tokens(context, s));
      }
      AtomicReference<int[]> ids = new AtomicReference<>(OpenedModel.tokens(sequences, 4));
      Times.of(WARM_STEPS, tokens, () -> ids.set(batch.step(ids.get()))).write(json);
      requireSense("logits", batch.logits());
    }
    long weights = opened.work().decodeBytes(0);
    long cache = opened.work().decodeBytes(context + WARM_STEPS + tokens / 2) - weights;
    json.put("sequences", sequences);
    json.put("context", context);
    json.put("weight_bytes", weights);
    json.put("bytes", weights + sequences * cache);
    return json;
  }

  /** Prompts, in chunks of several sizes. */
  ObjectNode prefill() {
    int tokens = shape.runs().intValue("prefill_tokens");
    EncodedPrompt prompt = opened.prompt(OpenedModel.tokens(tokens, 5));
    ObjectNode json = PartFile.JSON.createObjectNode();
    json.put("tokens", tokens);
    json.put("operations", opened.work().prefillOperations(tokens));
    ArrayNode chunks = json.putArray("chunks");
    for (int chunk : shape.runs().ints("prefill_chunks")) {
      Engine engine = opened.engine(chunk, tokens);
      float[] logits = new float[shape.vocabulary()];
      StepResult next = StepResult.likeliest();
      Times times =
          Times.of(
              2,
              shape.runs().intValue("rounds"),
              () -> {
                try (CachedSequence sequence = engine.newSequence()) {
                  opened.feed(engine, sequence, prompt, next);
                }
              });
      try (CachedSequence sequence = engine.newSequence()) {
        opened.feed(engine, sequence, prompt, StepResult.logits(logits));
      }
      requireSense("logits", logits);
      times.write(chunks.addObject().put("chunk", chunk));
    }
    return json;
  }

  /** A figure of numbers that mean nothing would be none. */
  static void requireSense(String what, float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalStateException(what + ": expected finite numbers, found " + value);
      }
    }
    if (values.length > 1
        && Arrays.equals(values, 1, values.length, values, 0, values.length - 1)) {
      throw new IllegalStateException(what + ": expected different numbers, found " + values[0]);
    }
  }
}
