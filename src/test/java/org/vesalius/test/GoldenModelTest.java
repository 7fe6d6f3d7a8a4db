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
 * greedy tokens and text exact. Transformers computes in float32, and so does the cache here. What
 * is allowed to a backend that declares to round is in {@link RoundedGoldens}.
 */
@Execution(ExecutionMode.CONCURRENT)
class GoldenModelTest {
  private static final double RELATIVE_BOUND = 2e-4;

  private static final FamilyMatrix MATRIX = new FamilyMatrix();

  private static final RoundedGoldens ROUNDED = new RoundedGoldens(RELATIVE_BOUND);

  @TempDir static Path scratch;

  /** README's table is what has just been shown. */
  @AfterAll
  static void readmeSaysWhatRan() {
    System.out.println(MATRIX.counts());
    ROUNDED.requireDecided();
    if (!Fixtures.only().isEmpty()) {
      return;
    }
    assertEquals(
        MATRIX.table(Fixtures.backends()),
        FamilyMatrix.inReadme(Fixtures.root().resolve("README.md")),
        "README's table of families, between its marks, expected to be what this run has shown");
  }

  @TestFactory
  Stream<DynamicTest> cases() {
    List<GoldenSubject> subjects = Fixtures.subjects();
    return Fixtures.tested().stream()
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
      if (RoundingNoise.concerns(backend)) {
        ROUNDED.check(backend, subject.open(scratch), model, golden, prompt, tensors);
      } else {
        checkExact(model, golden, prompt, tensors);
      }
      assertEquals(0, model.usedCachePages(), "pages that are still held");
      MATRIX.passed(modelType, backend);
    }
  }

  private static void checkExact(
      ChatModel model, GoldenCase golden, EncodedPrompt prompt, Checkpoint tensors) {
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
    assertEquals(expected.shape().getFirst(), pixels.size(), name + ": rows");
    require(
        new GoldenActivations(name, GoldenCase.floats(expected), pixels),
        1 / 255.0 / 0.26130258 + 1e-5);
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
    for (GoldenActivations stored : GoldenActivations.of(golden, capture, tensors)) {
      require(stored, RELATIVE_BOUND * stored.largest());
    }
  }

  private static void require(GoldenActivations stored, double bound) {
    double distance = stored.distance();
    assertTrue(
        distance <= bound, stored.name() + ": differs by " + distance + ", allowed is " + bound);
  }
}
