package org.vesalius.clinical.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vesalius.clinical.trace.TraceEntry.Result.Status;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.answer.ToolCall;

/** What becomes of calls that no tool can carry out, and of tools that cannot be stopped. */
@Timeout(60)
class ToolRunnerTest {
  private static final ToolContext CONTEXT = new ToolContext(List.of(), new Cancellation());

  /** Does nothing but wait, whoever interrupts it. */
  private record Deaf(CountDownLatch released, AtomicInteger running, AtomicInteger daemons)
      implements Tool {
    @Override
    public String name() {
      return "deaf";
    }

    @Override
    public String description() {
      return "Waits.";
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of("type", "object");
    }

    @Override
    public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
      running.incrementAndGet();
      daemons.addAndGet(Thread.currentThread().isDaemon() ? 1 : 0);
      while (released.getCount() > 0) {
        try {
          released.await();
        } catch (InterruptedException _) {
          // Goes on waiting, as a careless tool would.
        }
      }
      running.decrementAndGet();
      return ToolResult.of("at last");
    }
  }

  /** Says what it was given. */
  private record Numbers() implements Tool {
    @Override
    public String name() {
      return "numbers";
    }

    @Override
    public String description() {
      return "Takes numbers.";
    }

    @Override
    public Map<String, Object> parameters() {
      return Map.of(
          "type",
          "object",
          "properties",
          Map.of(
              "least", Map.of("type", "integer", "minimum", 1),
              "most", Map.of("type", "integer", "exclusiveMaximum", 100),
              "third", Map.of("type", "integer", "multipleOf", 3),
              "half", Map.of("type", "number", "multipleOf", 0.5),
              "chosen", Map.of("enum", List.of(1, 2))));
    }

    @Override
    public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
      return ToolResult.of(arguments.toString());
    }
  }

  @Test
  void numbersOfAnySizeAreJudged() throws Exception {
    ToolRunner runner = new ToolRunner(List.of(new Numbers()), AgentLimits.defaults());
    List<Object> none = List.of(1e40, -1e40, 1e300, Double.POSITIVE_INFINITY, 4.75, 1e-300);
    for (String name : List.of("least", "most", "third", "chosen")) {
      for (Object number : none) {
        refused(runner, name, number);
      }
      taken(runner, name, name.equals("third") ? 9 : 2);
    }
    refused(runner, "half", 4.75);
    refused(runner, "half", Double.POSITIVE_INFINITY);
    taken(runner, "half", 2);
    // Doubles of that size are multiples of a half.
    taken(runner, "half", 1e40);
    taken(runner, "half", -1e300);
    taken(runner, "least", BigInteger.TWO.pow(200));
    refused(runner, "most", BigInteger.TWO.pow(200));
  }

  private static void taken(ToolRunner runner, String name, Object number)
      throws InterruptedException {
    ToolOutcome outcome = run(runner, name, number);
    assertEquals(Status.OK, outcome.status(), name + " " + number + ": " + outcome.text());
  }

  private static void refused(ToolRunner runner, String name, Object number)
      throws InterruptedException {
    ToolOutcome outcome = run(runner, name, number);
    assertEquals(Status.REFUSED, outcome.status(), name + " " + number);
    assertTrue(outcome.text().startsWith("error: arguments: "), outcome.text());
  }

  private static ToolOutcome run(ToolRunner runner, String name, Object number)
      throws InterruptedException {
    ToolCall call =
        new ToolCall(Optional.empty(), "numbers", Map.of(name, number), "", Optional.empty());
    return runner.run("call", call, CONTEXT, Duration.ofMinutes(1));
  }

  private static ToolOutcome call(ToolRunner runner) throws InterruptedException {
    ToolCall call = new ToolCall(Optional.empty(), "deaf", Map.of(), "", Optional.empty());
    return runner.run("call", call, CONTEXT, Duration.ofMinutes(1));
  }

  @Test
  void threadsThatAreLeftBehindAreCountedAndKeepNoProcessAlive() throws Exception {
    Deaf deaf = new Deaf(new CountDownLatch(1), new AtomicInteger(), new AtomicInteger());
    ToolRunner runner =
        new ToolRunner(List.of(deaf), AgentLimits.defaults().withToolTime(Duration.ofMillis(20)));
    int most = 16;
    for (int i = 0; i < most; i++) {
      assertEquals(Status.TIMED_OUT, call(runner).status(), "call " + i);
    }
    while (deaf.running().get() < most) {
      Thread.onSpinWait();
    }
    assertEquals(most, deaf.daemons().get());
    ToolOutcome refused = call(runner);
    assertEquals(Status.FAILED, refused.status());
    assertTrue(refused.text().contains("16 calls of tools were interrupted"), refused.text());
    assertEquals(most, deaf.running().get(), "no thread more");
    deaf.released().countDown();
    // As soon as they have ended, calls are carried out again.
    while (call(runner).status() != Status.OK) {
      Thread.onSpinWait();
    }
  }
}
