package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.StoredTensor;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.image.ImagePatches;

/**
 * Every case of the golden fixtures on every backend: prompt, ids and positions exact, pixel values
 * within one step, activations and logits within the fixtures' bound of 2e-4 of the largest value,
 * greedy tokens and text exact. Transformers computes in float32, and so does the cache here.
 */
@Execution(ExecutionMode.CONCURRENT)
class GoldenModelTest {
  private static final double RELATIVE_BOUND = 2e-4;

  private static final FamilyMatrix MATRIX = new FamilyMatrix();

  @TempDir static Path scratch;

  /** README's table is what has just been shown. */
  @AfterAll
  static void readmeSaysWhatRan() {
    System.out.println(MATRIX.counts());
    assertEquals(
        MATRIX.table(Fixtures.backends()),
        FamilyMatrix.inReadme(Fixtures.root().resolve("README.md")),
        "README's table of families, between its marks, expected to be what this run has shown");
  }

  @TestFactory
  Stream<DynamicTest> cases() {
    List<GoldenSubject> subjects = Fixtures.subjects();
    return Fixtures.backends().stream()
        .flatMap(backend ->
            subjects.stream()
                .flatMap(subject ->
                    subject.read().stream()
                        .map(golden ->
                            DynamicTest.dynamicTest(
                                backend + " " + subject.name() + " " + golden.name(),
                                () -> check(backend, subject, golden)))));
  }

  private static void check(String backend, GoldenSubject subject, GoldenCase golden)
      throws IOException {
    Fixtures.requireBackend(backend);
    OpenOptions options = Fixtures.options(backend, CacheFormat.F32);
    String modelType = ModelConfig.read(subject.open(scratch)).modelType();
    MATRIX.started(modelType, backend);
    try (ChatModel model = ChatModel.open(subject.open(scratch), options);
        Checkpoint tensors = golden.tensors()) {
      EncodedPrompt prompt = model.promptEncoder().encode(golden.request().build());
      checkPrompt(golden, prompt, tensors);
      Capture capture = new Capture();
      Generation generation =
          model
              .generator()
              .generate(
                  golden.request().build(),
                  prompt,
                  System.nanoTime(),
                  GenerationListener.NONE,
                  capture);
      assertEquals(golden.newTokenIds(), generation.tokenIds(), "greedy tokens");
      // Where the template has opened a reasoning block, everything up to its end is reasoning.
      String text = prompt.openReasoning().isPresent() ? generation.reasoning() : generation.text();
      assertEquals(golden.newText(), text, "text");
      checkActivations(golden, capture, tensors);
      assertEquals(0, model.usedCachePages(), "pages that are still held");
      MATRIX.passed(modelType, backend);
    }
  }

  private static void checkPrompt(GoldenCase golden, EncodedPrompt prompt, Checkpoint tensors) {
    assertEquals(golden.prompt(), prompt.text(), "rendered prompt");
    assertEquals(golden.inputIds(), Arrays.stream(prompt.ids()).boxed().toList(), "input ids");
    if (golden.json().has("position_ids")) {
      JsonNode expected = golden.json().get("position_ids").get("values");
      for (int axis = 0; axis < 3; axis++) {
        assertEquals(
            GoldenCase.integers(expected.get(axis)),
            Arrays.stream(prompt.positions().axes()[axis]).boxed().toList(),
            "positions of axis " + axis);
      }
      assertEquals(
          prompt.ids().length + golden.json().get("rope_delta").asInt(),
          prompt.positions().next(),
          "position of the first new token");
    }
    checkPixels("pixel_values_pil", prompt, tensors);
    checkPixels("pixel_values_videos_pil", prompt, tensors);
  }

  /** Each of the two kinds of pixels, where the case has only this kind. */
  private static void checkPixels(String name, EncodedPrompt prompt, Checkpoint tensors) {
    boolean both =
        tensors.contains("pixel_values_pil") && tensors.contains("pixel_values_videos_pil");
    if (!tensors.contains(name) || both) {
      return;
    }
    StoredTensor expected = tensors.tensor(name);
    List<float[]> pixels = new ArrayList<>();
    for (PreparedImage image : prompt.images()) {
      for (ImagePatches tile : image.tiles()) {
        if (expected.shape().size() == 2) {
          pixels.addAll(rowsOf(tile.values(), tile.patches()));
        } else {
          pixels.add(planes(tile, Math.toIntExact(expected.shape().get(2))));
        }
      }
    }
    // One step of a byte in the channel with the smallest deviation: 1 / 255 / 0.2613.
    compare(name, expected, pixels, 1 / 255.0 / 0.26130258 + 1e-5);
  }

  /** The picture of {@code side} pixels a side as three planes, from its patches. */
  private static float[] planes(ImagePatches tile, int side) {
    float[] planes = new float[3 * side * side];
    int patch = side / tile.gridW();
    int values = 3 * patch * patch;
    for (int i = 0; i < planes.length; i++) {
      int channel = i / (side * side);
      int y = i / side % side;
      int x = i % side;
      int row = y / patch * tile.gridW() + x / patch;
      planes[i] = tile.values()[row * values + (channel * patch + y % patch) * patch + x % patch];
    }
    return planes;
  }

  private static List<float[]> rowsOf(float[] values, int count) {
    List<float[]> rows = new ArrayList<>();
    int width = values.length / count;
    for (int r = 0; r < count; r++) {
      rows.add(Arrays.copyOfRange(values, r * width, (r + 1) * width));
    }
    return rows;
  }

  private static void checkActivations(GoldenCase golden, Capture capture, Checkpoint tensors) {
    int compared = 0;
    // With both the rows are those of pictures and videos in the order of the prompt.
    boolean mixed = tensors.contains("image_embeds") && tensors.contains("video_embeds");
    for (StoredTensor tensor : tensors.tensors()) {
      List<float[]> found;
      if (tensor.name().startsWith("hidden.")) {
        List<float[]> all = capture.rows(tensor.name());
        found = golden.hiddenPositions().stream().map(all::get).toList();
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
      compare(tensor.name(), tensor, found, RELATIVE_BOUND * largest(GoldenCase.floats(tensor)));
      compared++;
    }
    assertTrue(compared >= 4, "expected activations to compare, found " + compared);
  }

  private static double largest(float[] values) {
    double max = 0;
    for (float value : values) {
      max = Math.max(max, Math.abs(value));
    }
    return max;
  }

  private static void compare(
      String name, StoredTensor expected, List<float[]> found, double bound) {
    float[] values = GoldenCase.floats(expected);
    int rows = Math.toIntExact(expected.shape().getFirst());
    int width = values.length / rows;
    assertEquals(rows, found.size(), name + ": rows");
    double worst = 0;
    for (int r = 0; r < rows; r++) {
      assertEquals(width, found.get(r).length, name + ": width");
      for (int c = 0; c < width; c++) {
        double difference = Math.abs(values[r * width + c] - found.get(r)[c]);
        assertTrue(!Double.isNaN(difference), name + ": not a number at row " + r);
        worst = Math.max(worst, difference);
      }
    }
    assertTrue(worst <= bound, name + ": differs by " + worst + ", allowed is " + bound);
  }
}
