package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.LoadedModel;

/**
 * Every family of the fixtures with rounded weights: backends agree with the definition, answer
 * with its token wherever its margin exceeds what their rounding of activations can move, and a
 * quantized file gives the logits of quantizing on opening, bit by bit.
 *
 * <p>The build runs this once for each instruction set of the native backend. Those that round
 * activations to BF16 have a stand-in that runs everywhere: the definition with its activations
 * rounded just so.
 */
@Execution(ExecutionMode.CONCURRENT)
class QuantizedModelTest {
  private static final long SEED = 4711;
  private static final int PROMPT = 11;

  /** Tokens after the prompt. */
  private static final int STEPS = 4;

  /** What backends may differ by whose activations are not rounded: the fixtures' own bound. */
  private static final double RELATIVE_BOUND = 2e-4;

  /** Draws of the rounding's errors, of which the largest effect is the yardstick. */
  private static final int DRAWS = 4;

  /** The definition with activations in BF16, as if it were a backend. */
  private static final String BRAIN_REFERENCE = "reference with BF16 activations";

  private static final AtomicInteger DECIDED = new AtomicInteger();
  private static final AtomicInteger TOKENS = new AtomicInteger();

  @TempDir static Path scratch;

  /** Without this a bound that is as large as everything could pass. */
  @AfterAll
  static void mostTokensWereDecided() {
    System.out.println("tokens that had to be the definition's: " + DECIDED + " of " + TOKENS);
    // A third; a quarter where the one backend rounds activations for every format.
    boolean fewer =
        !Fixtures.only().isEmpty() && TOKENS.get() > 0 && RoundingNoise.concerns(Fixtures.only());
    int part = fewer ? 4 : 3;
    assertTrue(part * DECIDED.get() >= TOKENS.get(), DECIDED + " of " + TOKENS);
  }

  private static Stream<Path> fixtures() throws IOException {
    try (Stream<Path> folders = Files.list(Fixtures.root().resolve("src/test/fixtures"))) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("model.safetensors")))
          .sorted()
          .toList()
          .stream();
    }
  }

  @TestFactory
  Stream<DynamicTest> backendsAgree() throws IOException {
    List<WeightFormat> formats =
        List.of(WeightFormat.BF16, WeightFormat.INT8, WeightFormat.INT4, WeightFormat.FP8);
    List<Path> folders = fixtures().toList();
    // Once more with another instruction set, each family is asked in one of them.
    boolean again = Fixtures.only().equals("native") && !Boolean.getBoolean("vesalius.full");
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < folders.size(); i++) {
      Path folder = folders.get(i);
      for (WeightFormat format : again ? List.of(formats.get(i % formats.size())) : formats) {
        tests.add(
            DynamicTest.dynamicTest(
                folder.getFileName() + " " + format, () -> compare(folder, format)));
      }
    }
    return tests.stream();
  }

  private static void compare(Path folder, WeightFormat format) {
    List<String> backends = backends(format);
    float[] expected = logits(folder, "reference", format);
    double largest = Logits.largest(expected);
    double noise = -1;
    for (String backend : backends) {
      double bound = RELATIVE_BOUND * largest;
      float[] wanted = expected;
      ActivationRounding rounding = rounding(backend, format);
      if (rounding != ActivationRounding.NONE) {
        noise = noise < 0 ? noise(folder, format, expected) : noise;
      }
      if (format == WeightFormat.FP8 && rounding != ActivationRounding.NONE) {
        // Half a step of E4M3 is so much that nearly anything would pass. With activations rounded
        // as declared the definition is as good as equal; few of them come out otherwise.
        wanted = changed(folder, format, new SmallActivations(rounding));
        bound += noise / 16;
      } else if (rounding != ActivationRounding.NONE) {
        // As far as activations that are wrong by up to half a step at random: these errors are
        // as large as those of rounding, so their effect on the logits is of the same size.
        bound += 2 * noise;
      }
      float[] found =
          backend.equals(BRAIN_REFERENCE)
              ? changed(folder, format, new BrainActivations())
              : logits(folder, backend, format);
      String what = folder.getFileName() + " " + format + " on " + backend;
      double distance = distance(wanted, found);
      assertTrue(distance <= bound, what + ": off by " + distance + ", allowed " + bound);
      int vocabulary = wanted.length / (1 + STEPS);
      for (int from = 0; from < wanted.length; from += vocabulary) {
        float[] step = Arrays.copyOfRange(wanted, from, from + vocabulary);
        TOKENS.incrementAndGet();
        if (Logits.margin(step) > 2 * bound) {
          DECIDED.incrementAndGet();
          assertEquals(
              Logits.best(step),
              Logits.best(Arrays.copyOfRange(found, from, from + vocabulary)),
              what + ": token");
        }
      }
    }
  }

  /** Those that are compared with the definition. */
  private static List<String> backends(WeightFormat format) {
    List<String> names = new ArrayList<>();
    for (String name : Fixtures.tested()) {
      if (!name.equals("reference")) {
        Fixtures.requireBackend(name);
        names.add(name);
      }
    }
    if (format == WeightFormat.BF16 && Fixtures.only().isEmpty()) {
      names.add(BRAIN_REFERENCE);
    }
    return names;
  }

  private static ActivationRounding rounding(String backend, WeightFormat format) {
    if (backend.equals(BRAIN_REFERENCE)) {
      return ActivationRounding.BF16;
    }
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1));
        Arena arena = Arena.ofConfined()) {
      Weight weight =
          switch (format) {
            case AS_STORED, BF16 -> new Weight.BF16(arena.allocate(2), 1, 1);
            case FP8 -> new Weight.Fp8(arena.allocate(1), arena.allocate(4), 1, 1);
            case INT8, INT4 -> new Weight.Int8(arena.allocate(1), arena.allocate(4), 1, 1);
          };
      return kernels.rounding(kernels.place(weight));
    }
  }

  private static double noise(Path folder, WeightFormat format, float[] expected) {
    double largest = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      largest = Math.max(largest, distance(expected, perturbed(folder, format, draw)));
    }
    return largest;
  }

  private static double distance(float[] a, float[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      largest = Double.isNaN(difference) ? Double.NaN : Math.max(largest, difference);
    }
    return largest;
  }

  private static float[] logits(Path folder, String backend, WeightFormat format) {
    OpenOptions options = Fixtures.options(backend, CacheFormat.F32).withWeights(format);
    try (ChatModel model = ChatModel.open(folder, options)) {
      return logits(model.engine(), model.parts());
    }
  }

  /** The logits after a prompt of random tokens and after each of some tokens more. */
  private static float[] logits(Engine engine, LoadedModel model) {
    int vocabulary = model.decoder().config().vocabulary();
    SplittableRandom random = new SplittableRandom(SEED);
    int[] ids = new int[PROMPT];
    Arrays.setAll(ids, _ -> random.nextInt(vocabulary));
    EncodedPrompt prompt = EncodedPrompt.ofTokens(ids, model.positions());
    float[] all = new float[(1 + STEPS) * vocabulary];
    float[] logits = new float[vocabulary];
    try (var sequence = engine.newSequence();
        var embeddings = engine.borrowEmbeddings(1)) {
      Tensor none = embeddings.tensor();
      StepResult result = StepResult.logits(logits);
      engine.feed(sequence, prompt, none, 0, PROMPT, result, LayerObserver.NONE);
      System.arraycopy(logits, 0, all, 0, vocabulary);
      for (int i = 0; i < STEPS; i++) {
        engine.decode(sequence, ids[i], prompt.positions().next() + i, result, LayerObserver.NONE);
        System.arraycopy(logits, 0, all, (1 + i) * vocabulary, vocabulary);
      }
    }
    return all;
  }

  /** On the definition, with noise on the activations that a backend would round. */
  private static float[] perturbed(Path folder, WeightFormat format, int draw) {
    return changed(folder, format, RoundingNoise.ofProducts(SEED + draw));
  }

  /** On the definition, with other activations. */
  private static float[] changed(Path folder, WeightFormat format, RoundingNoise.Change change) {
    return RoundingNoise.run(
        folder, "reference", format, change, run -> logits(run.engine(), run.model()));
  }

  /** To the nearest BF16 number, ties to even, as the instruction sets avx512 and amx do. */
  private record BrainActivations() implements RoundingNoise.Change {
    @Override
    public void product(float[] values, int columns, Weight weight) {
      if (weight instanceof Weight.BF16) {
        round(values);
      }
    }

    private static void round(float[] values) {
      for (int i = 0; i < values.length; i++) {
        int bits = Float.floatToRawIntBits(values[i]);
        values[i] = Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
      }
    }

    @Override
    public void attention(float[] values, KeyValues keyValues) {
      // A cache in float32 is never rounded, and these models see no picture.
    }
  }

  /**
   * For weights of FP8 as a backend rounds, to E4M3 per token or to BF16, and to BF16 for those of
   * BF16.
   */
  private record SmallActivations(ActivationRounding rounding) implements RoundingNoise.Change {
    @Override
    public void product(float[] values, int columns, Weight weight) {
      if (weight instanceof Weight.Fp8 && rounding == ActivationRounding.FP8) {
        for (int row = 0; row < values.length; row += columns) {
          Float8.roundToken(values, row, row + columns);
        }
      } else if (weight instanceof Weight.Fp8 || weight instanceof Weight.BF16) {
        BrainActivations.round(values);
      }
    }

    @Override
    public void attention(float[] values, KeyValues keyValues) {
      // As above.
    }
  }

  @Tag("definition")
  @TestFactory
  Stream<DynamicTest> filesAreWhatOpeningMakes() throws IOException {
    return fixtures()
        .flatMap(folder ->
            Stream.of(WeightFormat.INT8, WeightFormat.INT4)
                .map(format ->
                    DynamicTest.dynamicTest(
                        folder.getFileName() + " " + format, () -> rewrite(folder, format))));
  }

  private static void rewrite(Path folder, WeightFormat format) {
    Path target = scratch.resolve(folder.getFileName() + "-" + format);
    new CheckpointQuantizer(format, new KernelOptions(1)).quantize(folder, target, (_, _) -> {});
    float[] expected = logits(folder, "reference", format);
    assertArrayEquals(expected, logits(target, "reference", WeightFormat.AS_STORED));
    assertArrayEquals(expected, logits(target, "reference", format));
    for (String name : List.of("tokenizer.json", "generation_config.json", "config.json")) {
      assertEquals(Files.exists(folder.resolve(name)), Files.exists(target.resolve(name)), name);
    }
  }
}
