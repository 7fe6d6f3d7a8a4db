package org.vesalius.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.layers.SelectedMatrices;
import org.vesalius.runtime.layers.StoredQuantization;
import org.vesalius.runtime.layers.WeightPlan;
import org.vesalius.runtime.models.ModelFamilies;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.models.ModelFiles;

/**
 * Writes a quantized copy of a checkpoint, in the layout of docs/quantized-checkpoints.md: what
 * {@link OpenOptions#weights} would do on opening, done once.
 *
 * <p>The copy appears under its name only when it is complete. Until then it is a folder beside it
 * whose name begins with a dot, which a failure removes. Weights go through memory matrix by
 * matrix.
 */
public final class CheckpointQuantizer {
  /** Files of weights in other formats, which are not copied. */
  private static final List<String> OTHER_WEIGHTS =
      List.of(".safetensors", ".bin", ".gguf", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx");

  private static final String INDEX_SUFFIX = ".index.json";

  /** Told how much of the source is done. */
  @FunctionalInterface
  public interface Listener {
    /** So many of the source's bytes are done. An exception ends the work and removes the copy. */
    void progress(long bytesDone, long bytes);
  }

  private final WeightFormat format;
  private final KernelOptions options;
  private final long shardBytes;

  /**
   * A quantizer.
   *
   * @param format {@link WeightFormat#INT8} or {@link WeightFormat#INT4}
   * @param options how many threads
   */
  public CheckpointQuantizer(WeightFormat format, KernelOptions options) {
    this(format, options, QuantizedFiles.SHARD_BYTES);
  }

  private CheckpointQuantizer(WeightFormat format, KernelOptions options, long shardBytes) {
    if (format != WeightFormat.INT8 && format != WeightFormat.INT4) {
      throw new IllegalArgumentException("quantize: expected INT8 or INT4, found " + format);
    }
    this.format = format;
    this.options = options;
    this.shardBytes = shardBytes;
  }

  /** With files of at most so many bytes, but for single tensors that have more. */
  public CheckpointQuantizer withShardBytes(long bytes) {
    return new CheckpointQuantizer(format, options, bytes);
  }

  /**
   * Writes the copy.
   *
   * @param source folder of a checkpoint that can be opened
   * @param target folder that does not exist or is empty
   * @throws IllegalArgumentException if there is something at {@code target}
   * @throws org.vesalius.loader.ModelFormatException where the checkpoint is damaged
   * @throws UnsupportedModelException where it cannot be opened, or is quantized already
   * @throws UncheckedIOException if files cannot be read or written
   */
  public void quantize(Path source, Path target, Listener listener) {
    requireFree(target);
    ModelConfig config = ModelConfig.read(source);
    if (config.root().has(StoredQuantization.KEY)) {
      throw new UnsupportedModelException(
          config.root().file()
              + ": the checkpoint is quantized already; quantize the one that it was made from");
    }
    ModelFamily family = ModelFamilies.of(config);
    SelectedMatrices selected = new SelectedMatrices();
    WeightPlan plan = WeightPlan.of(config.root(), format, selected);
    try (Kernels kernels = Backends.open("reference", new KernelOptions(1));
        Checkpoint checkpoint = Checkpoint.open(source);
        WorkerPool pool = new WorkerPool(options.threads())) {
      var _ = family.load(new ModelFiles(source, plan), config, checkpoint, kernels);
      Path partial = partial(target);
      try {
        QuantizedFiles files = new QuantizedFiles(partial, format, pool, shardBytes);
        files.write(checkpoint, selected, listener);
        files.writeConfig(config.root().file());
        copyRest(source, partial);
        checkpoint.verifyUnchanged();
        publish(partial, target);
      } catch (RuntimeException | Error e) {
        try {
          remove(partial);
        } catch (UncheckedIOException second) {
          e.addSuppressed(second);
        }
        throw e;
      }
    }
  }

  private static void requireFree(Path target) {
    if (Files.isDirectory(target)) {
      try (Stream<Path> content = Files.list(target)) {
        if (content.findAny().isEmpty()) {
          return;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(target + ": the folder could not be listed: " + e, e);
      }
    } else if (!Files.exists(target)) {
      return;
    }
    throw new IllegalArgumentException(
        target
            + ": expected nothing or an empty folder, found "
            + (Files.isDirectory(target) ? "a folder with files" : "a file"));
  }

  private static Path partial(Path target) {
    Path absolute = target.toAbsolutePath();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(target + ": expected the name of a new folder");
    }
    try {
      Files.createDirectories(parent);
      String unique = Long.toHexString(System.nanoTime());
      return Files.createDirectory(
          parent.resolve("." + absolute.getFileName() + ".partial-" + unique));
    } catch (IOException e) {
      throw new UncheckedIOException(parent + ": a folder could not be made: " + e, e);
    }
  }

  /** Everything beside the weights: tokenizer, templates, processors, licences. */
  private static void copyRest(Path source, Path partial) {
    try (Stream<Path> content = Files.list(source)) {
      List<Path> files = new ArrayList<>(content.filter(Files::isRegularFile).toList());
      for (Path file : files) {
        String name = file.getFileName().toString();
        String lower = name.toLowerCase(Locale.ROOT);
        boolean weights =
            OTHER_WEIGHTS.stream().anyMatch(lower::endsWith) || lower.endsWith(INDEX_SUFFIX);
        if (!weights && !name.equals(ModelConfig.FILE_NAME)) {
          Files.copy(file, partial.resolve(name));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(source + ": could not be copied: " + e, e);
    }
  }

  private static void publish(Path partial, Path target) {
    try {
      Files.deleteIfExists(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(target + ": could not be written: " + e, e);
    }
  }

  private static void remove(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> content = Files.walk(folder)) {
      for (Path path : content.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          folder + ": the unfinished copy could not be removed: " + e, e);
    }
  }
}
