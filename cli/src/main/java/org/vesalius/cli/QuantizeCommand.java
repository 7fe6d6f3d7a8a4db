package org.vesalius.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.CheckpointQuantizer;
import org.vesalius.runtime.WeightFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a quantized copy of a checkpoint. */
@Command(
    name = "quantize",
    description = "Writes a copy of a checkpoint whose decoder has 8- or 4-bit weights.",
    sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
  private static final long MEGABYTE = 1_000_000;

  private final Terminal terminal;
  private final Cancellation cancellation;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "DIR", description = "Folder of the checkpoint.")
  private Path source = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "Folder of the copy; must not exist, or be empty.")
  private Path target = Path.of("");

  @Option(
      names = "--weights",
      paramLabel = "int8|int4",
      required = true,
      converter = WeightFormatNames.class,
      description = "Format of the decoder's matrices; with int4, embedding and head get int8.")
  private WeightFormat weights = WeightFormat.INT8;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private @Nullable Integer threads;

  QuantizeCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  /** Ends the work because the user wants it. */
  private static final class InterruptedWork extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Override
  public Integer call() {
    if (weights != WeightFormat.INT8 && weights != WeightFormat.INT4) {
      throw misuse("--weights: expected int8 or int4, found " + WeightFormatNames.name(weights));
    }
    if (threads != null && threads < 1) {
      throw misuse("--threads: expected at least 1, found " + threads);
    }
    ModelArguments.requireFolder(source);
    KernelOptions options = threads == null ? KernelOptions.defaults() : new KernelOptions(threads);
    try (Progress progress = new Progress(terminal)) {
      boolean[] begun = {false};
      new CheckpointQuantizer(weights, options)
          .quantize(
              source,
              target,
              (done, bytes) -> {
                if (cancellation.isCancelled()) {
                  throw new InterruptedWork();
                }
                if (!begun[0]) {
                  progress.begin("Quantizing", bytes / MEGABYTE);
                  begun[0] = true;
                }
                progress.stepTo(done / MEGABYTE);
              });
    } catch (InterruptedWork e) {
      return Interrupt.EXIT_CODE;
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()));
    }
    terminal
        .out()
        .println(
            "%s: %s, %s of files; it was %s"
                .formatted(
                    target,
                    WeightFormatNames.name(weights),
                    Units.bytes(size(target)),
                    Units.bytes(size(source))));
    return 0;
  }

  private static long size(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": the folder could not be listed: " + e, e);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
