package org.vesalius.kernels;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Another JVM with the class path of this one, as a user could have started it. */
public final class Jvm {
  private final List<String> before = new ArrayList<>();
  private final List<String> flags = new ArrayList<>();
  private final Map<String, String> environment = new LinkedHashMap<>();
  private String classPath = System.getProperty("java.class.path", "");

  /** What it printed, and its exit code. */
  public record Result(int code, String output) {}

  /** A home and a temporary directory of its own. */
  public static Jvm with(Path home, Path temporary) {
    return new Jvm()
        .flags("-Duser.home=" + home, "-Djava.io.tmpdir=" + temporary, "-XX:-UsePerfData");
  }

  /** Runs it by another program. */
  public Jvm by(String... command) {
    before.addAll(Arrays.asList(command));
    return this;
  }

  /** More of Java's own flags. */
  public Jvm flags(String... more) {
    flags.addAll(Arrays.asList(more));
    return this;
  }

  /** A variable of its environment. */
  public Jvm environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Another class path than that of this one. */
  public Jvm classPath(List<Path> entries) {
    classPath = String.join(File.pathSeparator, entries.stream().map(Path::toString).toList());
    return this;
  }

  /** Starts it. */
  public Process start(Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // What this process was started with must not decide.
    builder.environment().keySet().removeAll(List.of("VESALIUS_CACHE", "XDG_CACHE_HOME"));
    builder.environment().remove("JDK_JAVA_OPTIONS");
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Waits for its end. */
  public static Result end(Process process) throws IOException, InterruptedException {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  /** Starts it and waits for its end. */
  public Result run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    return end(start(main, arguments));
  }
}
