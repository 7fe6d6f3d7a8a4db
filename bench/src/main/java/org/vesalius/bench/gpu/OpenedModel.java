package org.vesalius.bench.gpu;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Random;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.LoadListener;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.ModelWork;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.EngineOptions;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.layers.QuantizingConversion;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFiles;

/**
 * A model with the kernels that compute it, which {@code ChatModel} keeps to itself: what is
 * measured here is below it.
 */
final class OpenedModel implements AutoCloseable {
  /** Random tokens are among the first, which every vocabulary has. */
  private static final int LARGEST_ID = 500;

  private final Kernels kernels;
  private final Checkpoint checkpoint;
  private final Arena converted;
  private final LoadedModel model;
  private final double loadSeconds;

  private OpenedModel(
      Kernels kernels,
      Checkpoint checkpoint,
      Arena converted,
      LoadedModel model,
      double loadSeconds) {
    this.kernels = kernels;
    this.checkpoint = checkpoint;
    this.converted = converted;
    this.model = model;
    this.loadSeconds = loadSeconds;
  }

  /** Opens a checkpoint. */
  static OpenedModel open(Path folder, String backend, WeightFormat format) throws IOException {
    KernelOptions options = KernelOptions.defaults();
    Kernels kernels = Backends.open(backend, options);
    Checkpoint checkpoint = null;
    Arena converted = Arena.ofShared();
    try (WorkerPool pool = new WorkerPool(options.threads())) {
      ModelConfig config = ModelConfig.read(folder);
      checkpoint = Checkpoint.open(folder, LoadListener.none());
      WeightPlan plan =
          WeightPlan.of(config.root(), format, new QuantizingConversion(format, pool, converted));
      long start = System.nanoTime();
      LoadedModel model =
          ModelFamilies.of(config).load(new ModelFiles(folder, plan), config, checkpoint, kernels);
      double seconds = (System.nanoTime() - start) / 1e9;
      return new OpenedModel(kernels, checkpoint, converted, model, seconds);
    } catch (RuntimeException | Error e) {
      kernels.close();
      converted.close();
      if (checkpoint != null) {
        checkpoint.close();
      }
      throw e;
    }
  }

  Kernels kernels() {
    return kernels;
  }

  LoadedModel model() {
    return model;
  }

  /** From the mapped file to the device, rounding included. */
  double loadSeconds() {
    return loadSeconds;
  }

  /** What it reads and computes at least. */
  ModelWork work() {
    return new ModelWork(model, CacheFormat.BF16);
  }

  /**
   * An engine with a cache in BF16 for one sequence. It closes the kernels when it is closed, so
   * leave that to this class.
   */
  Engine engine(int chunk, int context) {
    return new Engine(
        kernels, model, EngineOptions.single(chunk, context, CacheFormat.BF16, context));
  }

  /** Random tokens. */
  static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, LARGEST_ID).toArray();
  }

  /** A text prompt. */
  EncodedPrompt prompt(int[] ids) {
    return EncodedPrompt.ofTokens(ids, model.positions());
  }

  /** Reads a whole prompt; what is wanted of the logits comes after its last token. */
  void feed(Engine engine, CachedSequence sequence, EncodedPrompt prompt, StepResult result) {
    int tokens = prompt.ids().length;
    try (var none = engine.borrowEmbeddings(0)) {
      for (int from = 0; from < tokens; from = engine.chunkEnd(prompt, from)) {
        int to = engine.chunkEnd(prompt, from);
        StepResult wanted = to == tokens ? result : StepResult.nothing();
        engine.feed(sequence, prompt, none.tensor(), from, to, wanted, LayerObserver.NONE);
      }
    }
  }

  @Override
  public void close() {
    kernels.close();
    checkpoint.close();
    converted.close();
  }
}
