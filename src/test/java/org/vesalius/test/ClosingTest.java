package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;

/** Closing a model that has much to do ends all of it, and leaves no thread. */
@Isolated("looks at the threads of the process")
@Timeout(120)
class ClosingTest {
  @Test
  void closingFailsWhatStillRuns() throws InterruptedException {
    Set<Thread> before = engineThreads();
    try (DemoModel demo = DemoModel.unpack()) {
      ChatRequest report =
          ChatRequest.builder()
              .user(Part.image(demo.example("nodule.png")), Part.text("Write a report."))
              .build();
      Generation expected;
      try (ChatModel model = ChatModel.open(demo.directory())) {
        expected = model.generate(report);
      }
      for (int round = 0; round < 5; round++) {
        closeWithTwentyRequests(demo, report, expected, 5L * round);
      }
    }
    for (int wait = 0; wait < 1000 && !before.containsAll(engineThreads()); wait++) {
      Thread.sleep(10);
    }
    assertTrue(before.containsAll(engineThreads()), () -> "left of " + engineThreads());
  }

  private static void closeWithTwentyRequests(
      DemoModel demo, ChatRequest report, Generation expected, long millis)
      throws InterruptedException {
    ChatModel closed = ChatModel.open(demo.directory());
    List<CompletableFuture<Generation>> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.add(closed.generateAsync(report));
    }
    Thread.sleep(millis); // while pictures are encoded, prompts read, answers written
    closed.close();
    closed.close();
    for (CompletableFuture<Generation> answer : answers) {
      try {
        assertEquals(expected.tokenIds(), answer.join().tokenIds());
      } catch (CompletionException e) {
        IllegalStateException closing = assertInstanceOf(IllegalStateException.class, e.getCause());
        assertTrue(String.valueOf(closing.getMessage()).contains("closed"), closing::toString);
      }
    }
  }

  private static Set<Thread> engineThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .filter(thread ->
            thread.getName().equals("vesalius-scheduler")
                || thread.getName().equals("vesalius-vision"))
        .collect(Collectors.toSet());
  }
}
