package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.vision.TensorPool;

/**
 * An activation that transformers stored, beside the same one of ours.
 *
 * @param expected transformers', row by row
 * @param found ours
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record GoldenActivations(String name, float[] expected, List<float[]> found) {

  /** All that a case has and a run has shown. */
  static List<GoldenActivations> of(GoldenCase golden, Capture capture, Checkpoint tensors) {
    List<GoldenActivations> all = new ArrayList<>();
    // With both the rows are those of pictures and videos in the order of the prompt.
    boolean mixed = tensors.contains("image_embeds") && tensors.contains("video_embeds");
    for (StoredTensor tensor : tensors.tensors()) {
      List<float[]> found;
      if (tensor.name().startsWith("hidden.")) {
        List<float[]> rows = capture.rows(tensor.name());
        found = golden.hiddenPositions().stream().map(rows::get).toList();
      } else if (tensor.name().equals("logits_steps")) {
        found = capture.rows("logits");
      } else if (tensor.name().startsWith("vision.")
          || (!mixed && tensor.name().startsWith("deepstack."))
          || (!mixed && tensor.name().equals("image_embeds"))) {
        found = capture.rows(tensor.name());
      } else if (tensor.name().startsWith("video_") && !mixed) {
        found =
            capture.rows(
                tensor
                    .name()
                    .replace("video_embeds", "image_embeds")
                    .replace("video_deep", "deep"));
      } else {
        continue;
      }
      if (found.isEmpty()) {
        // Qwen's projector input is the last block once more; LLaVA's last blocks are not used.
        assertTrue(
            tensor.name().equals("vision.projector_in")
                || (tensor.name().startsWith("vision.block.")
                    && !capture.rows("vision.projector_in").isEmpty()),
            tensor.name() + ": not computed");
        continue;
      }
      all.add(new GoldenActivations(tensor.name(), GoldenCase.floats(tensor), found));
      assertEquals(tensor.shape().getFirst(), found.size(), tensor.name() + ": rows");
    }
    assertTrue(all.size() >= 4, "expected activations to compare, found " + all.size());
    return all;
  }

  /** Answers with the golden tokens, whatever the model would say, and shows all activations. */
  static Capture forced(RoundingNoise.Loaded run, EncodedPrompt prompt, List<Integer> tokens) {
    Capture capture = new Capture();
    var engine = run.engine();
    StepResult result = StepResult.logits(new float[run.model().decoder().config().vocabulary()]);
    try (var sequence = engine.newSequence();
        TensorPool.Loan embeddings = engine.borrowEmbeddings(prompt.imageTokens())) {
      int row = 0;
      for (var image : prompt.images()) {
        engine.encode(
            embeddings.tensor().rows(row, image.tokens()),
            image,
            run.model().images().orElseThrow().encoder(),
            capture);
        row += image.tokens();
      }
      int total = prompt.ids().length;
      for (int from = 0; from < total; ) {
        int to = engine.chunkEnd(prompt, from);
        StepResult wanted = to == total ? result : StepResult.nothing();
        engine.feed(sequence, prompt, embeddings.tensor(), from, to, wanted, capture);
        from = to;
      }
      for (int i = 0; i < tokens.size() - 1; i++) {
        engine.decode(sequence, tokens.get(i), prompt.positions().next() + i, result, capture);
      }
    }
    return capture;
  }

  /** The largest number that transformers has. */
  double largest() {
    return Logits.largest(expected);
  }

  /** The largest difference. */
  double distance() {
    int width = expected.length / found.size();
    double worst = 0;
    for (int r = 0; r < found.size(); r++) {
      assertEquals(width, found.get(r).length, name + ": width");
      for (int c = 0; c < width; c++) {
        double difference = Math.abs(expected[r * width + c] - found.get(r)[c]);
        assertTrue(!Double.isNaN(difference), name + ": not a number at row " + r);
        worst = Math.max(worst, difference);
      }
    }
    return worst;
  }
}
