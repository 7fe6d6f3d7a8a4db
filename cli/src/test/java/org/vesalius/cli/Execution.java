package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vesalius.runtime.Cancellation;

/**
 * A command line that ran in this process, and what it said.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error
 */
record Execution(int code, String out, String err) {

  static Path fixture(String name) {
    return Path.of(System.getProperty("vesalius.root", ".."))
        .resolve("src/test/fixtures")
        .resolve(name);
  }

  /** Runs in a pipe. */
  static Execution of(String... args) {
    return of("", false, args);
  }

  static Execution of(String input, boolean terminal, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal streams =
        new Terminal(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal,
            terminal);
    int code = Vesalius.run(streams, new Cancellation(), args);
    return new Execution(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /**
   * Runs in a JVM of its own, which has its home in {@code folder}. What this one was started with
   * decides nothing there.
   */
  static Execution inNewJvm(
      Path folder, List<String> options, Map<String, String> variables, String... args)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Duser.home=" + folder));
    command.addAll(options);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path", ""), Vesalius.class.getName()));
    command.addAll(List.of(args));
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeAll(List.of("VESALIUS_CACHE", "XDG_CACHE_HOME"));
    builder.environment().remove("JDK_JAVA_OPTIONS");
    builder.environment().putAll(variables);
    int code = builder.start().waitFor();
    return new Execution(
        code,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  Execution expect(int expected) {
    assertEquals(expected, code, () -> "exit code; standard error: " + err);
    return this;
  }

  /** The one line on standard error of a command that failed. */
  String errorLine(int expected) {
    expect(expected);
    List<String> lines = err.lines().toList();
    assertEquals(1, lines.size(), () -> "lines on standard error: " + err);
    assertFalse(err.contains("\tat "), () -> "stack trace: " + err);
    return lines.getFirst();
  }

  /** Standard output, which must be one JSON value and nothing else. */
  JsonNode json() {
    try {
      return JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readTree(out);
    } catch (JsonProcessingException e) {
      throw new AssertionError("standard output is not one JSON value: " + out, e);
    }
  }

  /** Neither stream has control characters but line ends and tabs. */
  void expectPlain() {
    for (String stream : List.of(out, err)) {
      stream
          .chars()
          .forEach(c ->
              assertFalse(
                  Character.isISOControl(c) && c != '\n' && c != '\t',
                  () -> "control character " + c + " in: " + stream));
    }
  }
}
