package org.vesalius.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Parts are read side by side, and nothing of that shows: not in errors, not in threads. */
@Isolated("looks at the threads of the process")
class ModelOpeningTest {
  /** In the order in which they are to be reported; the kernels' failure is an option. */
  private static final List<String> BREAKABLE =
      List.of(
          "config.json",
          "tokenizer.json",
          "chat_template.jinja",
          "generation_config.json",
          "backend",
          "model.safetensors");

  @TempDir Path folder;

  private void copy() throws IOException {
    Path fixture =
        Path.of(System.getProperty("vesalius.root", "..")).resolve("src/test/fixtures/qwen2");
    try (Stream<Path> files = Files.list(fixture)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.write(folder.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
  }

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("vesalius"))
        .collect(Collectors.toSet());
  }

  private static void assertNoMoreThan(Set<Thread> before) {
    Set<Thread> after = threads();
    after.removeAll(before);
    assertEquals(Set.of(), after);
  }

  /** Whatever of two things is broken: the first in the order is what is said, every time. */
  @Test
  void theFirstFailureIsReported() throws IOException {
    Set<Thread> before = threads();
    for (int first = 0; first < BREAKABLE.size(); first++) {
      for (int second = first; second < BREAKABLE.size(); second++) {
        copy();
        OpenOptions options = OpenOptions.defaults().withBackend("reference");
        for (String part : List.of(BREAKABLE.get(first), BREAKABLE.get(second))) {
          if (part.equals("backend")) {
            options = options.withBackend("nothing");
          } else {
            Files.writeString(folder.resolve(part), "{% broken");
          }
        }
        String name = BREAKABLE.get(first);
        String pair = name + " and " + BREAKABLE.get(second);
        OpenOptions chosen = options;
        for (int repeat = 0; repeat < 3; repeat++) {
          RuntimeException e =
              assertThrows(
                  RuntimeException.class, () -> ChatModel.open(folder, chosen).close(), pair);
          String message = String.valueOf(e.getMessage());
          assertTrue(message.contains(name), pair + ": " + message);
        }
        assertNoMoreThan(before);
      }
    }
  }

  @Test
  void aModelThatWasClosedLeavesNoThread() throws IOException {
    copy();
    Set<Thread> before = threads();
    ChatModel.open(folder, OpenOptions.defaults().withBackend("reference")).close();
    assertNoMoreThan(before);
  }

  @Test
  void anInterruptedCallerStaysInterrupted() throws IOException {
    copy();
    Set<Thread> before = threads();
    Thread.currentThread().interrupt();
    try {
      assertThrows(
          RuntimeException.class,
          () -> ChatModel.open(folder, OpenOptions.defaults().withBackend("reference")).close());
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertNoMoreThan(before);
  }

  @Test
  void waitingOutlastsAnInterrupt() {
    CountDownLatch go = new CountDownLatch(1);
    Background<String> background =
        Background.start(
            "test",
            () -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return "done";
            });
    Thread.currentThread().interrupt();
    Thread.ofPlatform().start(go::countDown);
    assertEquals("done", background.get());
    assertTrue(Thread.interrupted());
  }

  @Test
  void theEarlierWorkFailsBeforeTheLater() {
    CountDownLatch go = new CountDownLatch(1);
    Background<String> background =
        Background.start(
            "test",
            () -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              throw new IllegalArgumentException("earlier");
            });
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                background.then(() -> {
                  go.countDown();
                  throw new UnsupportedOperationException("later");
                }));
    assertEquals("earlier", e.getMessage());
    assertEquals("fine", background.then(() -> "fine"));
    assertNotNull(assertThrows(IllegalArgumentException.class, background::get).getMessage());
  }
}
