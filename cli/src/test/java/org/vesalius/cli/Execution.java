package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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
