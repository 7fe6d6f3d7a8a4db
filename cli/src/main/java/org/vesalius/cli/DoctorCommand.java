package org.vesalius.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;
import picocli.CommandLine.Command;

/** Says what this machine and this JVM offer, and what each backend makes of it. */
@Command(
    name = "doctor",
    description = "Shows JDK, flags, processor, memory, and whether each backend can work.",
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String VECTOR_FLAG = "--add-modules=" + VECTOR_MODULE;
  private static final String NATIVE_FLAG = "--enable-native-access=ALL-UNNAMED";
  private static final Path CPU_FILE = Path.of("/proc/cpuinfo");

  /** The features that some backend may use. */
  private static final Pattern FEATURES =
      Pattern.compile(
          "avx|avx2|fma|f16c|avx512(f|bw|dq|vl|_vnni|_bf16|_fp16)|avx_vnni|amx_(tile|int8|bf16|fp16)"
              + "|asimd|asimddp|asimdhp|bf16|i8mm|sve|sve2|sme");

  private final Terminal terminal;

  DoctorCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    line("version", new Version().getVersion()[0]);
    line(
        "JDK",
        property("java.runtime.version")
            + ", "
            + property("java.vendor")
            + ", "
            + property("java.home"));
    List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
    line("flags", flags.isEmpty() ? "none" : String.join(" ", flags));
    boolean vector = ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    line(
        "",
        VECTOR_FLAG
            + (vector
                ? ": given"
                : ": missing; with it the simd backend works, many times faster"));
    boolean nativeAccess =
        flags.stream().anyMatch(flag -> flag.startsWith("--enable-native-access"));
    line(
        "",
        NATIVE_FLAG
            + (nativeAccess ? ": given" : ": missing; native backends would make the JVM warn"));
    line("system", property("os.name") + " " + property("os.version") + ", " + property("os.arch"));
    line("processor", cpu("model name").or(() -> cpu("CPU part")).orElse("unknown"));
    line("features", features());
    line("processors", Runtime.getRuntime().availableProcessors() + " for this process");
    memory();
    for (Backend backend : Backends.all()) {
      // First, because looking closer may show that it does not work after all.
      List<String> findings = backend.findings();
      line("backend", backend.name() + ": " + status(backend));
      findings.forEach(finding -> line("", finding));
    }
    return 0;
  }

  private void line(String name, String value) {
    terminal.out().println("%-12s %s".formatted(name, Failures.oneLine(value)));
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private void memory() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      line(
          "memory",
          Units.bytes(system.getTotalMemorySize())
              + " for this process, "
              + Units.bytes(system.getFreeMemorySize())
              + " free (what the file cache holds can be had too)");
    }
    line(
        "Java heap",
        "at most " + Units.bytes(Runtime.getRuntime().maxMemory()) + "; weights are outside it");
  }

  private static String status(Backend backend) {
    return switch (backend.probe()) {
      case BackendStatus.Available(String detail) -> "works (" + detail + ")";
      case BackendStatus.Unavailable(String reason, Optional<Throwable> cause) ->
          "does not work: " + reason + cause.map(c -> " [" + c + "]").orElse("");
    };
  }

  private static String features() {
    String all = cpu("flags").or(() -> cpu("Features")).orElse("");
    String known =
        Arrays.stream(all.split(" ", -1))
            .filter(name -> FEATURES.matcher(name).matches())
            .collect(Collectors.joining(" "));
    return known.isEmpty() ? "unknown" : known;
  }

  /** The first processor's value of a key, on Linux. */
  private static Optional<String> cpu(String key) {
    if (!Files.isReadable(CPU_FILE)) {
      return Optional.empty();
    }
    try (var lines = Files.lines(CPU_FILE)) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
