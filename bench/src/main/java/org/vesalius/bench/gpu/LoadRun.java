package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;

/**
 * Measures how long a checkpoint takes from the page cache to the device: as users open it, and its
 * weights alone. The first opening of a process also starts the driver; the others find it started.
 */
final class LoadRun {
  private LoadRun() {}

  static ObjectNode measure(Path folder, String backend, ModelShape shape) throws IOException {
    long bytes = RandomCheckpoint.bytes(folder);
    readOnce(folder.resolve("model.safetensors"));
    int context = shape.runs().intValue("decode_context");
    OpenOptions options = OpenOptions.defaults().withBackend(backend).withContextTokens(context);
    ObjectNode json = PartFile.JSON.createObjectNode();
    double first = opening(1, folder, options).median();
    double[] weights = new double[shape.runs().intValue("load_rounds")];
    // Keeps the driver's context alive between the rounds.
    try (Kernels kernels = Backends.open(backend, KernelOptions.defaults())) {
      json.put("kernels", kernels.description());
      opening(weights.length, folder, options).write(json);
      for (int i = 0; i < weights.length; i++) {
        try (OpenedModel opened = OpenedModel.open(folder, backend, WeightFormat.AS_STORED)) {
          weights[i] = opened.loadSeconds();
        }
      }
    }
    json.put("bytes", bytes);
    json.put("first_seconds", first);
    Times.sorted(weights).write(json.putObject("weights_alone"));
    return json;
  }

  /** Without the time that closing takes. */
  private static Times opening(int rounds, Path folder, OpenOptions options) {
    double[] seconds = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      ChatModel model = ChatModel.open(folder, options);
      seconds[i] = (System.nanoTime() - start) / 1e9;
      model.close();
    }
    return Times.sorted(seconds);
  }

  private static void readOnce(Path file) throws IOException {
    byte[] buffer = new byte[8 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      while (in.read(buffer) >= 0) {
        // Only so that the system has it in memory.
      }
    }
  }
}
