package org.vesalius.bench.gpu;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Runs tests of the contract under NVIDIA's compute-sanitizer, each in a process of its own, so
 * that what has been found is known when the next one takes too long.
 *
 * @param program the tool
 * @param folder for its logs and for the results of the tests
 * @param tests the jar that has them
 * @param secondsPerTest after which one is ended
 * @param secondsPerTool after which no further one is begun
 */
record SanitizerRun(
    Path program, Path folder, Path tests, long secondsPerTest, long secondsPerTool) {
  private static final Pattern SUMMARY =
      Pattern.compile("(?:ERROR|RACECHECK) SUMMARY: (\\d+) (?:error|hazard)");

  private static final int LAST_LINES = 15;

  /** Where the tool is, if it is on this machine. */
  static Optional<Path> find() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (!folder.isEmpty()) {
        folders.add(Path.of(folder));
      }
    }
    Path installed = Path.of("/usr/local");
    if (Files.isDirectory(installed)) {
      try (Stream<Path> toolkits = Files.list(installed)) {
        toolkits
            .filter(path -> path.getFileName().toString().startsWith("cuda"))
            .sorted()
            .forEach(path -> {
              folders.add(path.resolve("bin"));
              folders.add(path.resolve("compute-sanitizer"));
            });
      }
    }
    return folders.stream()
        .map(path -> path.resolve("compute-sanitizer"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** What a log says was found: errors or hazards; empty if the tool did not come to its end. */
  static Optional<Long> found(List<String> log) {
    Optional<Long> found = Optional.empty();
    for (String line : log) {
      Matcher summary = SUMMARY.matcher(line);
      if (summary.find()) {
        long more = Long.parseLong(summary.group(1));
        found = Optional.of(found.orElse(0L) + more);
      }
    }
    return found;
  }

  /** Runs one of its tools, such as memcheck; returns whether all ended and found nothing. */
  boolean run(String tool, List<String> selections, ArrayNode out)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(secondsPerTool);
    boolean clean = true;
    for (String selection : selections) {
      ObjectNode one = out.addObject().put("tool", tool).put("test", selection);
      long left = TimeUnit.NANOSECONDS.toSeconds(until - System.nanoTime());
      if (left <= 0) {
        one.put("error", "not begun: no time was left");
        clean = false;
      } else {
        clean &= run(tool, selection, Math.min(left, secondsPerTest), one);
      }
    }
    return clean;
  }

  private boolean run(String tool, String selection, long seconds, ObjectNode out)
      throws IOException, InterruptedException {
    String name = tool + "-" + selection.replace('#', '-');
    Path log = folder.resolve(name + ".log");
    Files.createDirectories(folder);
    List<String> command = new ArrayList<>();
    command.addAll(List.of(program.toString(), "--tool", tool));
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path", "")));
    command.addAll(List.of(GpuBench.class.getName(), "contract"));
    command.addAll(List.of("--tests", tests.toString(), "--select", selection));
    command.addAll(List.of("--parts", folder.toString(), "--part", name));
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    out.put("seconds", (System.nanoTime() - start) / 1e9);
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
    Optional<Long> found = found(lines);
    found.ifPresent(count -> out.put("found", count));
    boolean clean = ended && process.exitValue() == 0 && found.isPresent() && found.get() == 0;
    if (!ended) {
      out.put("error", "ended after " + seconds + " s");
    } else {
      out.put("exit", process.exitValue());
    }
    if (!clean) {
      ArrayNode last = out.putArray("last_lines");
      lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()).forEach(last::add);
    }
    return clean;
  }
}
