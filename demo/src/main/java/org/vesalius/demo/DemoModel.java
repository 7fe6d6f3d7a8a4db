package org.vesalius.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * The demo model and its example pictures, unpacked from the jar into a private temporary folder,
 * because weights are mapped from files. Closing deletes the folder.
 */
public final class DemoModel implements AutoCloseable {
  private static final List<String> MODEL_FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "preprocessor_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "chat_template.jinja");

  /** Packed, which makes the jar and the repository a fifth smaller. */
  private static final String WEIGHTS = "model.safetensors";

  /** The example pictures: what they show is their name. */
  public static final List<String> EXAMPLES =
      List.of(
          "nodule.png",
          "effusion.png",
          "cardiomegaly-pacemaker.png",
          "pneumothorax.png",
          "several.png",
          "normal.png");

  private final Path folder;

  private DemoModel(Path folder) {
    this.folder = folder;
  }

  /**
   * Unpacks the model and its examples.
   *
   * @throws UncheckedIOException if the temporary folder cannot be written
   */
  public static DemoModel unpack() {
    try {
      DemoModel demo = new DemoModel(Files.createTempDirectory("vesalius-demo-"));
      try {
        for (String name : MODEL_FILES) {
          copy("model/" + name, demo.directory().resolve(name));
        }
        try (InputStream packed = resource("model/" + WEIGHTS + ".gz");
            InputStream weights = new GZIPInputStream(packed)) {
          Files.copy(weights, demo.directory().resolve(WEIGHTS));
        }
        for (String name : EXAMPLES) {
          copy("examples/" + name, demo.example(name));
        }
        return demo;
      } catch (IOException | RuntimeException e) {
        demo.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the demo model cannot be unpacked into the temporary folder", e);
    }
  }

  private static void copy(String resource, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    try (InputStream in = resource(resource)) {
      Files.copy(in, to);
    }
  }

  private static InputStream resource(String name) throws IOException {
    InputStream in = DemoModel.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("the demo jar lacks " + name + "; build it again");
    }
    return in;
  }

  /** The folder to open as a model. */
  public Path directory() {
    return folder.resolve("model");
  }

  /** An example picture, one of {@link #EXAMPLES}. */
  public Path example(String name) {
    return folder.resolve("examples").resolve(name);
  }

  /** Deletes the folder. Idempotent. */
  @Override
  public void close() {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the temporary folder " + folder + " cannot be deleted", e);
    }
  }
}
