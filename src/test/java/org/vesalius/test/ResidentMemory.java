package org.vesalius.test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has in memory, as Linux tells it. */
final class ResidentMemory {
  private ResidentMemory() {}

  /** Kibibytes. */
  static long kibibytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new AssertionError("/proc/self/status: no VmRSS");
  }
}
