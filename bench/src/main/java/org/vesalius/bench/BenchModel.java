package org.vesalius.bench;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.models.PositionRule;

/**
 * The model that benchmarks run: the folder in the system property {@code vesalius.model}, or the
 * embedded demo model. Tokens and pictures are random: a model takes as long for noise as for
 * sense.
 */
final class BenchModel implements AutoCloseable {
  private static final int LARGEST_ID = 500;

  private final @Nullable DemoModel demo;
  private final ChatModel model;

  BenchModel(String backend) {
    String folder = System.getProperty("vesalius.model", "");
    demo = folder.isEmpty() ? DemoModel.unpack() : null;
    Path directory = demo == null ? Path.of(folder) : demo.directory();
    model = ChatModel.open(directory, OpenOptions.defaults().withBackend(backend));
  }

  ChatModel model() {
    return model;
  }

  /** A text prompt of random tokens. */
  EncodedPrompt prompt(int tokens) {
    int[] ids = new Random(1).ints(tokens, 0, LARGEST_ID).toArray();
    PositionRule.Positions positions = model.parts().positions().number(tokens, List.of());
    return new EncodedPrompt("", ids, positions, List.of(), List.of(), Optional.empty());
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
    if (demo != null) {
      demo.close();
    }
  }
}
