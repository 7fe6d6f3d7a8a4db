package org.vesalius.test;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.vesalius.kernels.ActivationRounding;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.Float8;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.EngineOptions;
import org.vesalius.runtime.layers.QuantizingConversion;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFiles;

/**
 * How far the rounding that a backend declares can move a model's results: another backend computes
 * them with what is rounded changed at random, by as much as rounding can change it. These errors
 * are as large as those of rounding, so their effect is of the same size.
 */
final class RoundingNoise {
  /** What becomes of the inputs of an operation. */
  interface Change {
    /** Changes the activations {@code values} that meet a weight, row by row. */
    void product(float[] values, int columns, Weight weight);

    /** Changes queries, keys or values of attention. */
    void attention(float[] values, KeyValues keyValues);
  }

  private RoundingNoise() {}

  /** Whether a backend rounds in models whose weights are as they were trained. */
  static boolean concerns(String backend) {
    try (Kernels kernels = Backends.open(backend, new KernelOptions(1));
        Arena arena = Arena.ofConfined()) {
      Tensor one = kernels.allocate(ElementType.F32, 1, 1);
      return kernels.rounding(new Weight.BF16(arena.allocate(2), 1, 1)) != ActivationRounding.NONE
          || kernels.attentionRounding(new KeyValues.Ragged(one, one)) != ActivationRounding.NONE;
    }
  }

  /** The quickest backend here that rounds no activations. */
  static String exactBackend() {
    return Stream.of("native", "simd", "reference")
        .filter(backend -> Fixtures.works(backend) && !concerns(backend))
        .findFirst()
        .orElseThrow();
  }

  /** Errors wherever {@code rounding} declares that it rounds. */
  static Noise like(Kernels rounding, long seed) {
    return new Noise(
        weight -> rounding.rounding(weight) != ActivationRounding.NONE,
        keyValues -> rounding.attentionRounding(keyValues) != ActivationRounding.NONE,
        new SplittableRandom(seed));
  }

  /** Errors wherever some backend rounds what meets a weight. */
  static Noise ofProducts(long seed) {
    return new Noise(
        weight ->
            weight instanceof Weight.Int8
                || weight instanceof Weight.Int4
                || weight instanceof Weight.Fp8
                || weight instanceof Weight.BF16,
        _ -> false,
        new SplittableRandom(seed));
  }

  /** Random errors of some products and attentions. */
  static final class Noise implements Change {
    private final Predicate<Weight> products;
    private final Predicate<KeyValues> attention;
    private final SplittableRandom random;
    private boolean any;

    private Noise(
        Predicate<Weight> products, Predicate<KeyValues> attention, SplittableRandom random) {
      this.products = products;
      this.attention = attention;
      this.random = random;
    }

    /** Whether there were any so far. */
    boolean any() {
      return any;
    }

    @Override
    public void product(float[] values, int columns, Weight weight) {
      if (products.test(weight)) {
        any = true;
        switch (weight) {
          case Weight.Int8 _ -> groups(values, columns, Weight.Int8.GROUP, random);
          case Weight.Int4 _ -> groups(values, columns, Weight.Int4.GROUP, random);
          case Weight.Fp8 _ -> small(values, columns, random);
          default -> brain(values, random);
        }
      }
    }

    @Override
    public void attention(float[] values, KeyValues keyValues) {
      if (attention.test(keyValues)) {
        any = true;
        brain(values, random);
      }
    }
  }

  /** Up to half a unit in the last of eight binary digits in either direction. */
  private static void brain(float[] values, SplittableRandom random) {
    for (int i = 0; i < values.length; i++) {
      values[i] += (float) (Math.scalb(Math.abs(values[i]), -8) * random.nextDouble(-1, 1));
    }
  }

  /** Up to half a unit in the last of four binary digits, or of the smallest numbers of a token. */
  private static void small(float[] values, int columns, SplittableRandom random) {
    for (int row = 0; row < values.length; row += columns) {
      float largest = ActivationRounding.largest(values, row, row + columns);
      for (int i = row; i < row + columns; i++) {
        float half = Math.max(Math.abs(values[i]) * 0x1p-4f, largest / Float8.LARGEST * 0x1p-10f);
        values[i] += (float) (half * random.nextDouble(-1, 1));
      }
    }
  }

  /** Up to half a step of a group of 8 bits in either direction. */
  private static void groups(float[] values, int columns, int group, SplittableRandom random) {
    for (int row = 0; row < values.length; row += columns) {
      for (int first = row; first < row + columns; first += group) {
        int end = Math.min(row + columns, first + group);
        float largest = ActivationRounding.largest(values, first, end);
        for (int i = first; i < end; i++) {
          values[i] += (float) (largest / 254 * random.nextDouble(-1, 1));
        }
      }
    }
  }

  /** Runs a model of {@code folder} on a backend that computes with changed inputs. */
  static <T> T run(
      Path folder, String backend, WeightFormat format, Change change, Function<Loaded, T> work) {
    Kernels kernels = changing(Backends.open(backend, new KernelOptions(1)), change);
    return run(folder, kernels, format, CacheFormat.F32, CONTEXT, work);
  }

  /** Runs it on given kernels, which are closed then, with prompts in chunks of so many tokens. */
  static <T> T run(
      Path folder,
      Kernels kernels,
      WeightFormat format,
      CacheFormat cache,
      int chunk,
      Function<Loaded, T> work) {
    ModelConfig config = ModelConfig.read(folder);
    try (Arena arena = Arena.ofShared();
        WorkerPool pool = new WorkerPool(1);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      WeightPlan plan =
          WeightPlan.of(config.root(), format, new QuantizingConversion(format, pool, arena));
      LoadedModel model =
          ModelFamilies.of(config).load(new ModelFiles(folder, plan), config, checkpoint, kernels);
      int context = Math.min(CONTEXT, model.decoder().config().maxPositions());
      EngineOptions options =
          EngineOptions.single(Math.min(chunk, context), context, cache, 2L * context);
      try (Engine engine = new Engine(kernels, model, options)) {
        return work.apply(new Loaded(engine, model));
      }
    }
  }

  /** Longer than any golden prompt. */
  private static final int CONTEXT = 2048;

  /** An engine and the model that it runs. */
  record Loaded(Engine engine, LoadedModel model) {}

  private static Kernels changing(Kernels kernels, Change change) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (changing, method, arguments) -> {
              switch (method.getName()) {
                // One device, which is this one.
                case "ofLayer" -> {
                  return changing;
                }
                case "linear" -> changeProduct(kernels, arguments, (Weight) arguments[2], change);
                case "expertLinear" -> {
                  Weight first = (Weight) ((List<?>) arguments[2]).getFirst();
                  changeProduct(kernels, arguments, first, change);
                }
                case "attention" -> changeAttention(kernels, arguments, change);
                default -> {}
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static void changeProduct(
      Kernels kernels, Object[] arguments, Weight weight, Change change) {
    Tensor x = (Tensor) arguments[1];
    arguments[1] = changed(kernels, x, values -> change.product(values, x.columns(), weight));
  }

  /** Keys and values of a cache were changed by no rounding of attention. */
  private static void changeAttention(Kernels kernels, Object[] arguments, Change change) {
    KeyValues keyValues = (KeyValues) arguments[2];
    arguments[1] =
        changed(kernels, (Tensor) arguments[1], values -> change.attention(values, keyValues));
    if (keyValues instanceof KeyValues.Ragged(Tensor keys, Tensor values)) {
      arguments[2] =
          new KeyValues.Ragged(
              changed(kernels, keys, k -> change.attention(k, keyValues)),
              // Once more for the weights that they meet, which are rounded as well.
              changed(
                  kernels,
                  values,
                  v -> {
                    change.attention(v, keyValues);
                    change.attention(v, keyValues);
                  }));
    }
  }

  private interface InPlace {
    void apply(float[] values);
  }

  private static Tensor changed(Kernels kernels, Tensor x, InPlace change) {
    float[] values = new float[x.rows() * x.columns()];
    kernels.read(values, x);
    float[] before = values.clone();
    change.apply(values);
    if (Arrays.equals(before, values)) {
      return x;
    }
    Tensor copy = kernels.allocate(ElementType.F32, x.rows(), x.columns());
    kernels.write(copy, values);
    return copy;
  }
}
