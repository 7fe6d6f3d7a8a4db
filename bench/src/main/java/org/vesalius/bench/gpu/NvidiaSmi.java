package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What the driver's own tool says about the first device. */
final class NvidiaSmi {
  private static final List<String> FACTS =
      List.of(
          "name",
          "driver_version",
          "memory.total",
          "memory.used",
          "power.limit",
          "clocks.max.sm",
          "clocks.max.memory",
          "pcie.link.gen.max",
          "pcie.link.width.max",
          "ecc.mode.current",
          "compute_mode",
          "mig.mode.current");

  private NvidiaSmi() {}

  static void write(ObjectNode json) {
    try {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--id=0",
                  "--query-gpu=" + String.join(",", FACTS),
                  "--format=csv,noheader")
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      String[] values = text.split(",", -1);
      if (process.waitFor() != 0 || values.length != FACTS.size()) {
        json.put("error", text);
        return;
      }
      for (int i = 0; i < values.length; i++) {
        json.put(FACTS.get(i), values[i].strip());
      }
    } catch (IOException e) {
      json.put("missing", "nvidia-smi is not on this machine");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      json.put("error", "interrupted");
    }
  }
}
