package org.vesalius.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;

/**
 * Starts Java once more, with the Vector API. A JVM that has it cannot use the startup cache and
 * comes half a second later to its first token, so the launcher leaves it out where compiled
 * kernels were built; only here it turns out whether they work.
 */
final class VectorRestart {
  /** Set by the launcher where it has left the Vector API out. */
  static final String PROPERTY = "vesalius.vectors";

  private VectorRestart() {}

  /**
   * Whether nothing but the definition of the kernels works in this JVM, and another may do better.
   */
  static boolean isNeeded() {
    return System.getProperty(PROPERTY) != null
        && Backends.all().stream()
            .filter(backend -> !backend.name().equals("reference"))
            .noneMatch(backend -> backend.probe() instanceof BackendStatus.Available);
  }

  /**
   * Runs a command in a JVM with the Vector API, with this one's input and outputs.
   *
   * @return its exit code
   */
  static int run(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-D" + PROPERTY) && !option.startsWith("-XX:AOTCache"))
        .forEach(command::add);
    command.add("--add-modules=jdk.incubator.vector");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Vesalius.class.getName());
    command.addAll(List.of(arguments));
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      // Ctrl-C reaches both; whoever ends this process alone means the other one too.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "vesalius-restart"));
      return process.waitFor();
    } catch (IOException e) {
      System.err.println("vesalius: Java could not be started again: " + e.getMessage());
      return Vesalius.FAILURE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Vesalius.FAILURE;
    }
  }

  private static void end(Process process) {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
