package org.vesalius.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Backend;
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
            .filter(backend -> backend.probe() instanceof BackendStatus.Available)
            .findFirst()
            .map(Backend::name)
            .equals(Optional.of("reference"));
  }

  /**
   * Runs a command in a JVM with the Vector API, with this one's input and outputs.
   *
   * @return its exit code
   */
  static int run(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
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
      Thread ending = new Thread(() -> end(process), "vesalius-restart");
      Runtime.getRuntime().addShutdownHook(ending);
      int code = process.waitFor();
      Runtime.getRuntime().removeShutdownHook(ending);
      return code;
    } catch (IOException e) {
      throw new UncheckedIOException("Java could not be started again: " + command.getFirst(), e);
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
