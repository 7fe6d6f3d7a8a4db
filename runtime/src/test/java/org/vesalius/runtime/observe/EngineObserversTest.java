package org.vesalius.runtime.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.FinishReason;

class EngineObserversTest {

  /** Writes down every call. */
  private static final class Calls implements EngineObserver {
    final List<String> names = new ArrayList<>();

    @Override
    public void loadBegins(String directory) {
      names.add("loadBegins " + directory);
    }

    @Override
    public void loadEnds(ModelLoad load, long nanos) {
      names.add("loadEnds " + load + nanos);
    }

    @Override
    public void queued(ObservedRequest request) {
      names.add("queued " + request);
    }

    @Override
    public void population(int waiting, int running) {
      names.add("population " + waiting + " " + running);
    }

    @Override
    public void started(
        ObservedRequest request, int promptTokens, int cachedTokens, long queueNanos) {
      names.add("started " + request + promptTokens + " " + cachedTokens + " " + queueNanos);
    }

    @Override
    public void preempted(ObservedRequest request) {
      names.add("preempted " + request);
    }

    @Override
    public void resumed(ObservedRequest request, int cachedTokens) {
      names.add("resumed " + request + cachedTokens);
    }

    @Override
    public void visionBegins(ObservedRequest request, int image) {
      names.add("visionBegins " + request + image);
    }

    @Override
    public void visionEnds(ObservedRequest request, VisionWork work, long nanos) {
      names.add("visionEnds " + request + work + nanos);
    }

    @Override
    public void stepBegins(EngineStep step) {
      names.add("stepBegins " + step);
    }

    @Override
    public void stepEnds(EngineStep step, long nanos) {
      names.add("stepEnds " + step + nanos);
    }

    @Override
    public void firstToken(ObservedRequest request, long nanos) {
      names.add("firstToken " + request + nanos);
    }

    @Override
    public void tokens(ObservedRequest request, int count, long nanos) {
      names.add("tokens " + request + count + " " + nanos);
    }

    @Override
    public void cache(CacheUse use) {
      names.add("cache " + use);
    }

    @Override
    public void finished(ObservedRequest request, RequestOutcome outcome) {
      names.add("finished " + request + outcome);
    }
  }

  /** Throws at a call, and counts what comes after. */
  private static final class Throwing implements EngineObserver {
    int calls;

    @Override
    public void queued(ObservedRequest request) {
      calls++;
      throw new IllegalStateException("the patient's name");
    }
  }

  @Test
  void everyCallReachesEveryObserver() {
    Calls alone = new Calls();
    Runs.play(alone);
    assertEquals(15, alone.names.stream().map(call -> call.split(" ", 2)[0]).distinct().count());
    Calls first = new Calls();
    Calls second = new Calls();
    Runs.play(EngineObservers.of(List.of(first, second)));
    assertEquals(alone.names, first.names);
    assertEquals(alone.names, second.names);
  }

  @Test
  void anObserverThatThrowsIsLeftOutAndItsMessageIsNotLogged() {
    Logger logger = Logger.getLogger("org.vesalius.runtime");
    List<LogRecord> records = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            if (entry.getMessage().contains(Throwing.class.getName())) {
              records.add(entry);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    boolean parents = logger.getUseParentHandlers();
    logger.setUseParentHandlers(false);
    Throwing throwing = new Throwing();
    Calls calls = new Calls();
    try {
      Runs.play(EngineObservers.of(List.of(throwing, calls)));
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(parents);
    }
    Calls alone = new Calls();
    Runs.play(alone);
    assertEquals(alone.names, calls.names);
    assertEquals(1, throwing.calls);
    assertEquals(1, records.size());
    String message = records.getFirst().getMessage();
    assertTrue(message.contains("IllegalStateException"), message);
    assertTrue(!message.contains("patient"), message);
  }

  /** A logger that keeps what it is told. */
  private record Kept(Level least, List<String> lines) implements System.Logger {
    @Override
    public String getName() {
      return "test";
    }

    @Override
    public boolean isLoggable(Level level) {
      return level.getSeverity() >= least.getSeverity();
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        lines.add(String.valueOf(message));
      }
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object @Nullable ... params) {
      log(level, bundle, format, (Throwable) null);
    }
  }

  @Test
  void theLogIsSilentUnlessItIsAskedFor() {
    Kept silent = new Kept(System.Logger.Level.INFO, new ArrayList<>());
    Runs.play(new LogObserver(silent));
    assertEquals(List.of(), silent.lines);
    Kept asked = new Kept(System.Logger.Level.DEBUG, new ArrayList<>());
    Runs.play(new LogObserver(asked));
    assertEquals(
        List.of(
            "model open: Qwen2.5-VL, reference, 123 MiB, 0 ms",
            "request 2: waits again, others need its pages",
            "request ward-7: stop; 800 prompt tokens (256 of pictures, 640 cached), 40 generated;"
                + " 9 ms (0 ms waiting, 5 ms to the first token)",
            "request 2: NumericalException; 800 prompt tokens (256 of pictures, 640 cached), 40"
                + " generated; 9 ms (0 ms waiting, 5 ms to the first token)"),
        asked.lines);
  }

  @Test
  void standardObserversTakeEverything() {
    Calls calls = new Calls();
    Runs.play(EngineObservers.standard(List.of(calls)));
    Calls alone = new Calls();
    Runs.play(alone);
    assertEquals(alone.names, calls.names);
    Runs.play(EngineObserver.NONE);
  }

  /** Nothing is put together for nobody. */
  @Test
  void stepsAreFollowedIfOneFollowsThem() {
    EngineObserver silent = EngineObservers.of(List.of(new LogObserver(), EngineObserver.NONE));
    assertTrue(!silent.followsSteps());
    Throwing throwing = new Throwing();
    EngineObserver one = EngineObservers.of(List.of(EngineObserver.NONE, throwing));
    assertTrue(one.followsSteps());
    one.queued(Runs.NAMED);
    assertTrue(!one.followsSteps(), "the one that did is left out");
    assertTrue(EngineObservers.of(List.of(silent, new Calls())).followsSteps());
  }

  @Test
  void anOutcomeIsAReasonOrAnError() {
    assertThrows(
        IllegalArgumentException.class, () -> Runs.outcome(Optional.empty(), Optional.empty()));
    assertThrows(
        IllegalArgumentException.class,
        () -> Runs.outcome(Optional.of(FinishReason.STOP), Optional.of("Error")));
  }
}
