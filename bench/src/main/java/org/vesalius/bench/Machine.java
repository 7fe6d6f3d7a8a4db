package org.vesalius.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Roofline;

/** What is measured on. */
final class Machine {
  private Machine() {}

  /** The limits that a backend's instructions have; empty in runs that only have to start. */
  static Optional<Roofline> limits(String backend, int threads) {
    if (Boolean.getBoolean("vesalius.bench.smoke")) {
      return Optional.empty();
    }
    Backend measuring =
        Backends.all().stream().filter(b -> b.name().equals(backend)).findFirst().orElseThrow();
    return Optional.of(Roofline.measure(measuring, new KernelOptions(threads)));
  }

  static void write(ObjectNode json) {
    json.put("processor", processor());
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.put("os", System.getProperty("os.name", "") + " " + System.getProperty("os.arch", ""));
    json.put("jdk", Runtime.version().toString());
  }

  /** The processor's name where the system tells it. */
  private static String processor() {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return "";
    }
    try (Stream<String> lines = Files.lines(info)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
