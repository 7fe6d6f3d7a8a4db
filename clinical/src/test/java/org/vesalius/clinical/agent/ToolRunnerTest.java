package org.vesalius.clinical.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** What becomes of tools that do not heed their interruption. */
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
