package org.vesalius.bench;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;

/**
 * The model that benchmarks run: the folder in the system property {@code vesalius.model}, or the
 * embedded demo model, or a random one with the shapes of a published one. Tokens and pictures are
 * random: a model takes as long for noise as for sense.
 */
final class BenchModel implements AutoCloseable {
  /** The name of the embedded model. */
  static final String DEMO = "demo";

  private final @Nullable AutoCloseable files;
  private final ChatModel model;

  /**
   * The embedded model, unless the property names another; it keeps nothing of earlier requests.
   */
  BenchModel(String backend) {
    this(
        DEMO,
        OpenOptions.defaults()
            .withBackend(backend)
            .withCapacity(Capacity.defaults().withPrefixTokens(0)));
  }

  /**
   * A model by name, unless the property names another.
   *
   * @param name {@link #DEMO} or one that {@link DecoderShape} knows
   */
  BenchModel(String name, OpenOptions options) {
    String folder = System.getProperty("vesalius.model", "");
    Path directory;
    if (!folder.isEmpty()) {
      files = null;
      directory = Path.of(folder);
    } else if (name.equals(DEMO)) {
      DemoModel demo = DemoModel.unpack();
      files = demo;
      directory = demo.directory();
    } else {
      RandomModel random = new RandomModel(DecoderShape.named(name));
      files = random;
      directory = random.directory();
    }
    try {
      model = ChatModel.open(directory, options);
    } catch (RuntimeException | Error e) {
      deleteFiles();
      throw e;
    }
  }

  ChatModel model() {
    return model;
  }

  /** A picture of noise. */
  static BufferedImage noise(int side) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(2);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    return image;
  }

  @Override
  public void close() {
    model.close();
    deleteFiles();
  }

  private void deleteFiles() {
    if (files instanceof DemoModel demo) {
      demo.close();
    } else if (files instanceof RandomModel random) {
      random.close();
    }
  }
}
