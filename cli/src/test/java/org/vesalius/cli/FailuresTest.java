package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.ComputeException;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.prompt.jinja.TemplateException;

class FailuresTest {

  @Test
  void knownExceptionsSayWhatTheySay() {
    assertEquals("a: b", Failures.describe(new UnsupportedModelException("a:\n   b")));
    assertEquals("x", Failures.describe(new IllegalArgumentException("x")));
    assertEquals("t.jinja:3: y", Failures.describe(new TemplateException("t.jinja", 3, "y")));
  }

  @Test
  void whatComputesSaysItself() {
    assertEquals(
        "cuda: a tensor needs 9 bytes; close what else uses the device",
        Failures.describe(
            new ComputeException(
                "cuda: a tensor needs 9 bytes; close what else uses the device", null)));
  }

  @Test
  void filesAreNamedWithTheRemedy() {
    assertEquals(
        "image a.png cannot be read: no such file; check the path",
        Failures.describe(
            new UncheckedIOException(
                "image a.png cannot be read", new NoSuchFileException("a.png"))));
    NoSuchFileException missing = new NoSuchFileException("m/tokenizer.json");
    assertEquals(
        "m/tokenizer.json: expected it: no such file; check the path",
        Failures.describe(
            new UncheckedIOException("m/tokenizer.json: expected it: " + missing, missing)));
    assertEquals(
        "b: no such file; check the path",
        Failures.describe(new UncheckedIOException(new NoSuchFileException("b"))));
    assertEquals(
        "c: access denied; check the permissions",
        Failures.describe(new UncheckedIOException(new AccessDeniedException("c"))));
    assertEquals("d", Failures.describe(new UncheckedIOException(new IOException("d"))));
  }

  @Test
  void memorySaysHowToGiveIt() {
    String line = Failures.describe(new OutOfMemoryError("Java heap space"));
    assertTrue(line.contains("Java heap space") && line.contains("VESALIUS_JAVA_OPTS=-Xmx"), line);
  }

  @Test
  void theUnknownNamesItsClass() {
    assertEquals(
        "java.lang.IllegalStateException: odd; run with --verbose for the stack trace",
        Failures.describe(new IllegalStateException("odd")));
    assertTrue(Failures.describe(new RuntimeException()).startsWith("java.lang.RuntimeException"));
    assertEquals(
        "java.lang.IllegalArgumentException", Failures.describe(new IllegalArgumentException()));
  }
}
