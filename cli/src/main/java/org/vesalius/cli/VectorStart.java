package org.vesalius.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;

/**
 * The second start, with the Vector API. The launcher leaves that module out where native kernels
 * were built, for a quicker start; where they do not work here, this process becomes the launcher
 * again, told to put the module in.
 */
final class VectorStart {
  /** Set by the launcher where a second start would help: its path. */
  private static final String LAUNCHER = "vesalius.again";

  private VectorStart() {}

  /**
   * Starts again if the module is missing and only a slow backend is left; otherwise returns.
   *
   * @param arguments of this process
   */
  static void ifNeeded(Terminal terminal, List<String> arguments) {
    String launcher = System.getProperty(LAUNCHER);
    if (launcher == null) {
      return;
    }
    List<String> reasons = new ArrayList<>();
    for (Backend backend : Backends.all()) {
      switch (backend.probe()) {
        case BackendStatus.Unavailable unavailable when !backend.name().equals("simd") ->
            reasons.add(backend.name() + ": " + unavailable.reason());
        case BackendStatus.Unavailable _ -> {
          terminal
              .err()
              .println(
                  "vesalius: starting again for the simd backend; "
                      + Failures.oneLine(String.join("; ", reasons)));
          terminal.err().flush();
          List<String> command = new ArrayList<>(List.of("env", "VESALIUS_VECTOR=yes", launcher));
          command.addAll(arguments);
          become(command);
        }
        case BackendStatus.Available _ -> {
          return;
        }
      }
    }
  }

  /**
   * Puts another program in the place of this process, so that signals and exit code are its own.
   */
  @SuppressWarnings("restricted")
  private static void become(List<String> command) {
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(ValueLayout.ADDRESS, command.size() + 1L);
      for (int i = 0; i < command.size(); i++) {
        arguments.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(command.get(i)));
      }
      MethodHandle execvp =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("execvp"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
      int _ = (int) execvp.invokeExact(arguments.get(ValueLayout.ADDRESS, 0), arguments);
    } catch (Throwable e) {
      throw failure(command, e);
    }
    throw failure(command, null);
  }

  private static CommandFailure failure(List<String> command, @Nullable Throwable cause) {
    String line = command.stream().limit(3).collect(Collectors.joining(" "));
    return new CommandFailure("could not run " + line + "; run it with these arguments", cause);
  }
}
