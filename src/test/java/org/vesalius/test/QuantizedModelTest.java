package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.QuantizingConversion;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFiles;

/**
 * Every family of the fixtures with rounded weights: backends agree with the definition, and a
 * quantized file gives the logits of quantizing on opening, bit by bit.
 */
class QuantizedModelTest {
  private static final long SEED = 4711;
  private static final int PROMPT = 11;

  /** What backends may differ by whose activations are not rounded: the fixtures' own bound. */
  private static final double RELATIVE_BOUND = 2e-4;

  /** Draws of the rounding's errors, of which the largest effect is the yardstick. */
  private static final int DRAWS = 6;

  @TempDir static Path scratch;

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
    return fixtures()
        .flatMap(folder ->
            Stream.of(WeightFormat.BF16, WeightFormat.INT8, WeightFormat.INT4)
                .map(format ->
                    DynamicTest.dynamicTest(
                        folder.getFileName() + " " + format, () -> compare(folder, format))));
  }

  private static void compare(Path folder, WeightFormat format) {
    float[] expected = logits(folder, "reference", format);
    double largest = 0;
    for (float logit : expected) {
      largest = Math.max(largest, Math.abs(logit));
    }
    double noise = -1;
    for (String backend : Fixtures.backends()) {
      if (backend.equals("reference")) {
        continue;
      }
      Fixtures.requireBackend(backend);
      double bound = RELATIVE_BOUND * largest;
      if (rounds(backend, format)) {
        noise = noise < 0 ? noise(folder, format, expected) : noise;
        // As far as activations that are wrong by up to half a step at random: these errors are
        // as large as those of rounding, so their effect on the logits is of the same size.
        bound += 2 * noise;
      }
      double found = distance(expected, logits(folder, backend, format));
      String what = folder.getFileName() + " " + format + " on " + backend;
      assertTrue(found <= bound, what + ": off by " + found + ", allowed " + bound);
    }
  }

  private static boolean rounds(String backend, WeightFormat format) {
    if (format == WeightFormat.BF16) {
      return false;
    }
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1));
        Arena arena = Arena.ofConfined()) {
      Weight weight = new Weight.Int8(arena.allocate(1), arena.allocate(4), 1, 1);
      return kernels.rounding(weight) == ActivationRounding.INT8;
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
    OpenOptions options =
        OpenOptions.defaults()
            .withBackend(backend)
            .withCacheFormat(CacheFormat.F32)
            .withWeights(format);
    try (ChatModel model = ChatModel.open(folder, options)) {
      return logits(model.engine(), model.parts());
    }
  }

  /** The logits after a prompt of random tokens and after one token more. */
  private static float[] logits(Engine engine, LoadedModel model) {
    int vocabulary = model.decoder().config().vocabulary();
    SplittableRandom random = new SplittableRandom(SEED);
    int[] ids = new int[PROMPT];
    Arrays.setAll(ids, _ -> random.nextInt(vocabulary));
    var positions = model.positions().number(PROMPT, List.of());
    EncodedPrompt prompt =
        new EncodedPrompt("", ids, positions, List.of(), List.of(), Optional.empty());
    float[] first = new float[vocabulary];
    float[] second = new float[vocabulary];
    try (var sequence = engine.newSequence();
        var embeddings = engine.borrowEmbeddings(1)) {
      Tensor none = embeddings.tensor();
      engine.feed(sequence, prompt, none, 0, PROMPT, first, LayerObserver.NONE);
      engine.decode(sequence, ids[0], positions.next(), second, LayerObserver.NONE);
    }
    float[] both = Arrays.copyOf(first, 2 * vocabulary);
    System.arraycopy(second, 0, both, vocabulary, vocabulary);
    return both;
  }

  /** On the definition, with noise on the activations that a backend would round. */
  private static float[] perturbed(Path folder, WeightFormat format, int draw) {
    ModelConfig config = ModelConfig.read(folder);
    try (Arena arena = Arena.ofShared();
        WorkerPool pool = new WorkerPool(1);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Kernels kernels = noisy(Backends.open("reference", new KernelOptions(2)), draw);
      WeightPlan plan =
          WeightPlan.of(config.root(), format, new QuantizingConversion(format, pool, arena));
      LoadedModel model =
          ModelFamilies.of(config).load(new ModelFiles(folder, plan), config, checkpoint, kernels);
      try (Engine engine = new Engine(kernels, model, 64, 64, CacheFormat.F32, 256)) {
        return logits(engine, model);
      }
    }
  }

  private static Kernels noisy(Kernels kernels, int draw) {
    SplittableRandom random = new SplittableRandom(SEED + draw);
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (_, method, arguments) -> {
              Object weight =
                  switch (method.getName()) {
                    case "linear" -> arguments[2];
                    case "expertLinear" -> ((List<?>) arguments[2]).getFirst();
                    default -> "";
                  };
              if (weight instanceof Weight.Int8 || weight instanceof Weight.Int4) {
                int group = weight instanceof Weight.Int8 ? Weight.Int8.GROUP : Weight.Int4.GROUP;
                arguments[1] = noisy(kernels, (Tensor) arguments[1], group, random);
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static Tensor noisy(Kernels kernels, Tensor x, int group, SplittableRandom random) {
    int columns = x.columns();
    float[] values = new float[x.rows() * columns];
    kernels.read(values, x);
    for (int row = 0; row < values.length; row += columns) {
      for (int first = row; first < row + columns; first += group) {
        int end = Math.min(row + columns, first + group);
        float largest = 0;
        for (int i = first; i < end; i++) {
          largest = Math.max(largest, Math.abs(values[i]));
        }
        for (int i = first; i < end; i++) {
          values[i] += (float) (largest / 254 * random.nextDouble(-1, 1));
        }
      }
    }
    Tensor noisy = kernels.allocate(ElementType.F32, x.rows(), columns);
    kernels.write(noisy, values);
    return noisy;
  }

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
    new CheckpointQuantizer(format, new KernelOptions(2)).quantize(folder, target, (_, _) -> {});
    float[] expected = logits(folder, "reference", format);
    assertArrayEquals(expected, logits(target, "reference", WeightFormat.AS_STORED));
    assertArrayEquals(expected, logits(target, "reference", format));
    for (String name : List.of("tokenizer.json", "generation_config.json", "config.json")) {
      assertEquals(Files.exists(folder.resolve(name)), Files.exists(target.resolve(name)), name);
    }
  }
}
