package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.observe.micrometer.MicrometerMetrics;

/**
 * Flight Recorder, Micrometer and the log have the figures of real requests, and none of their
 * words.
 */
@Isolated("recordings and loggers are of the whole process")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // opened before all tests
@Timeout(300)
class ObservedFiguresTest {
  private static final String PATIENT = "Ottilie Quarkmeyer";

  private static final Pattern SENTENCE = Pattern.compile("\\.");

  private DemoModel demo;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
  }

  @AfterAll
  void close() {
    demo.close();
  }

  private ChatRequest.Builder ask(String id, String picture) {
    return ChatRequest.builder()
        .scheduling(Scheduling.defaults().withRequestId(id))
        .user(
            Part.image(demo.example(picture)),
            Part.text("Write a report about " + PATIENT + ", please."));
  }

  private static void fail(ChatModel model, ChatRequest request) {
    assertThrows(
        IllegalStateException.class,
        () ->
            model
                .generator()
                .generate(
                    request,
                    GenerationListener.NONE,
                    (_, _, _) -> {
                      throw new IllegalStateException("the thorax of " + PATIENT);
                    }));
  }

  /** Answers, one after the other, of which the second finds all of the first; and a failure. */
  private List<Generation> play(ChatModel model) {
    List<Generation> answers = new ArrayList<>();
    answers.add(model.generate(ask("first", "nodule.png").maxTokens(30).build()));
    answers.add(model.generate(ask("second", "nodule.png").maxTokens(30).build()));
    Cancellation cancelled = new Cancellation();
    cancelled.cancel();
    answers.add(model.generate(ask("third", "normal.png").cancellation(cancelled).build()));
    fail(model, ask("fourth", "effusion.png").build());
    return answers;
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("org.vesalius." + name))
        .toList();
  }

  private static RecordedEvent only(List<RecordedEvent> events, String id) {
    List<RecordedEvent> own =
        events.stream().filter(event -> event.getString("requestId").equals(id)).toList();
    assertEquals(1, own.size(), id);
    return own.getFirst();
  }

  @Test
  void flightRecorderHasTheRequests(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("requests.jfr");
    List<Generation> answers;
    String backend;
    try (Recording recording = new Recording()) {
      for (String name : List.of("Load", "Vision", "Prefill", "DecodeStep", "Request")) {
        recording.enable("org.vesalius." + name).withThreshold(Duration.ZERO);
      }
      recording.start();
      try (ChatModel model =
          ChatModel.open(demo.directory(), OpenOptions.defaults().withPrefillChunk(64))) {
        answers = play(model);
        backend = model.backend();
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    RecordedEvent load =
        named(events, "Load").stream()
            .filter(event -> event.getString("directory").equals(demo.directory().toString()))
            .findFirst()
            .orElseThrow();
    assertEquals(backend, load.getString("backend"));
    assertEquals("", load.getString("error"));
    assertTrue(load.getLong("weightBytes") > 0 && load.getDuration().toNanos() > 0);

    for (Generation answer : answers) {
      String id = answer.requestId();
      RecordedEvent request = only(named(events, "Request"), id);
      Generation.Usage usage = answer.usage();
      assertEquals(
          answer.finishReason().name(),
          request.getString("finishReason").toUpperCase(java.util.Locale.ROOT));
      assertEquals("", request.getString("error"));
      assertEquals(usage.promptTokens(), request.getInt("promptTokens"));
      assertEquals(usage.imageTokens(), request.getInt("imageTokens"));
      assertEquals(usage.cachedTokens(), request.getInt("cachedTokens"));
      assertEquals(usage.completionTokens(), request.getInt("completionTokens"));
      assertEquals(usage.drafts().proposed(), request.getInt("guessedTokens"));
      assertEquals(usage.drafts().accepted(), request.getInt("acceptedTokens"));
      assertEquals(answer.timings().decodeNanos(), request.getDuration("decodeTime").toNanos());
      assertEquals(answer.timings().queueNanos(), request.getDuration("waitingTime").toNanos());
      boolean ran = usage.completionTokens() > 0;
      assertEquals(
          ran ? usage.promptTokens() - usage.cachedTokens() : 0,
          named(events, "Prefill").stream()
              .filter(event -> event.getString("requestId").equals(id))
              .mapToInt(event -> event.getInt("to") - event.getInt("from"))
              .sum());
      List<RecordedEvent> steps =
          named(events, "DecodeStep").stream()
              .filter(e -> Arrays.asList(e.getString("requestIds").split(",")).contains(id))
              .toList();
      assertEquals(
          ran ? usage.completionTokens() - 1 - usage.drafts().accepted() : 0, steps.size());
      long work = steps.stream().mapToLong(step -> step.getDuration().toNanos()).sum();
      assertTrue(work <= answer.timings().decodeNanos(), "steps take no longer than the answer");
    }
    RecordedEvent failed = only(named(events, "Request"), "fourth");
    assertEquals("error", failed.getString("finishReason"));
    assertEquals(IllegalStateException.class.getName(), failed.getString("error"));
    RecordedEvent picture = only(named(events, "Vision"), "first");
    assertEquals(answers.getFirst().usage().imageTokens(), picture.getInt("tokens"));
    assertTrue(!picture.getBoolean("cached"));
    assertTrue(events.stream().noneMatch(event -> event.toString().contains("Quarkmeyer")));
  }

  private static double count(MeterRegistry registry, String name, String... tags) {
    return registry.get(name).tags(tags).counter().count();
  }

  private static double gauge(MeterRegistry registry, String name, String... tags) {
    return registry.get(name).tags(tags).gauge().value();
  }

  private static long nanos(MeterRegistry registry, String timer) {
    return (long) registry.get(timer).timer().totalTime(TimeUnit.NANOSECONDS);
  }

  @Test
  void micrometerHasTheSums() throws Exception {
    MeterRegistry registry = new SimpleMeterRegistry();
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    try (ChatModel model =
        ChatModel.open(
            demo.directory(),
            OpenOptions.defaults()
                .withCapacity(Capacity.defaults().withRequests(2))
                .withObserver(metrics))) {
      List<Generation> answers = new ArrayList<>(play(model));
      List<Future<Generation>> together = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        together.add(model.generateAsync(ask("more" + i, "several.png").maxTokens(9).build()));
      }
      for (Future<Generation> future : together) {
        answers.add(future.get());
      }
      List<Generation> ran = answers.stream().filter(a -> !a.tokenIds().isEmpty()).toList();
      assertEquals(6, ran.size());
      assertEquals(1, count(registry, "vesalius.requests", "reason", "cancelled"));
      assertEquals(1, count(registry, "vesalius.requests", "reason", "error"));
      assertEquals(
          6,
          count(registry, "vesalius.requests", "reason", "stop")
              + count(registry, "vesalius.requests", "reason", "length"));
      assertEquals(8, registry.get("vesalius.request").timer().count());
      assertEquals(6, registry.get("vesalius.request.first.token").timer().count());
      long first = ran.stream().mapToLong(a -> a.timings().firstTokenNanos()).sum();
      assertTrue(Math.abs(first - nanos(registry, "vesalius.request.first.token")) < 10);
      int tokens = ran.stream().mapToInt(a -> a.usage().completionTokens()).sum();
      assertEquals(tokens, count(registry, "vesalius.tokens", "kind", "completion"));
      assertEquals(tokens - 6, registry.get("vesalius.token").timer().count());
      assertEquals(
          ran.stream().mapToInt(a -> a.usage().cachedTokens()).sum(),
          count(registry, "vesalius.tokens", "kind", "cached"));
      assertTrue(count(registry, "vesalius.tokens", "kind", "cached") > 0);
      // The one that failed ran, too.
      assertTrue(
          count(registry, "vesalius.tokens", "kind", "prompt")
              > ran.stream().mapToInt(a -> a.usage().promptTokens()).sum());
      assertEquals(7, registry.get("vesalius.request.wait").timer().count());
      assertEquals(
          ran.stream().mapToInt(a -> a.usage().drafts().accepted()).sum(),
          count(registry, "vesalius.tokens.guessed", "result", "accepted"));
      assertEquals(
          (double) model.engine().encodedImages(),
          count(registry, "vesalius.images", "cached", "false"));
      assertEquals(model.engine().encodedImages(), registry.get("vesalius.vision").timer().count());
      assertEquals(1, registry.get("vesalius.load").timer().count());
      assertTrue(registry.get("vesalius.step").tags("kind", "prefill").timer().count() > 0);
      assertTrue(registry.get("vesalius.step").tags("kind", "decode").timer().count() > 0);
      assertEquals(0, gauge(registry, "vesalius.queue.length"));
      assertEquals(0, gauge(registry, "vesalius.requests.running"));
      assertEquals(0, gauge(registry, "vesalius.cache.pages", "state", "used"));
      assertEquals(
          model.retainedCachePages(), gauge(registry, "vesalius.cache.pages", "state", "idle"));
      assertTrue(gauge(registry, "vesalius.cache.pages", "state", "total") > 0);
    }
    metrics.close();
    assertEquals(List.of(), registry.getMeters());
  }

  /** Keeps what is logged, by any logger of ours. */
  private static final class Lines extends Handler {
    private final List<LogRecord> records = new ArrayList<>();

    @Override
    public synchronized void publish(LogRecord entry) {
      records.add(entry);
    }

    synchronized List<LogRecord> all() {
      return List.copyOf(records);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void noLogLineHasAWordOfARequest() {
    Logger logger = Logger.getLogger("org.vesalius");
    Level level = logger.getLevel();
    boolean parents = logger.getUseParentHandlers();
    Lines lines = new Lines();
    lines.setLevel(Level.ALL);
    logger.setLevel(Level.ALL);
    logger.setUseParentHandlers(false);
    logger.addHandler(lines);
    List<Generation> answers;
    try (ChatModel model = ChatModel.open(demo.directory())) {
      answers = play(model);
    } finally {
      logger.removeHandler(lines);
      logger.setUseParentHandlers(parents);
      logger.setLevel(level);
    }
    // DEBUG of System.Logger; TRACE is below.
    List<LogRecord> seen =
        lines.all().stream().filter(r -> r.getLevel().intValue() >= Level.FINE.intValue()).toList();
    for (LogRecord entry : seen) {
      String all = entry.getMessage() + Arrays.toString(entry.getParameters()) + entry.getThrown();
      assertTrue(!all.contains("Quarkmeyer"), all);
      for (Generation answer : answers) {
        assertTrue(answer.text().isEmpty() || !all.contains(answer.text()), all);
        for (String sentence : SENTENCE.split(answer.text(), -1)) {
          assertTrue(sentence.length() < 12 || !all.contains(sentence.strip()), all);
        }
      }
    }
    for (String id : List.of("first", "second", "third", "fourth")) {
      List<LogRecord> own =
          seen.stream().filter(r -> r.getMessage().startsWith("request " + id + ": ")).toList();
      assertEquals(1, own.size(), id);
      assertEquals(Level.FINE, own.getFirst().getLevel(), "silent by default");
    }
    assertTrue(seen.stream().anyMatch(r -> r.getMessage().startsWith("model open: ")));
  }
}
