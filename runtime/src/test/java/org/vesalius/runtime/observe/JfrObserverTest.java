package org.vesalius.runtime.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.EventType;
import jdk.jfr.Recording;
import jdk.jfr.Timespan;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.vesalius.runtime.FinishReason;

@Isolated("a recording is of the whole process")
class JfrObserverTest {
  private static final Set<String> NAMES =
      Set.of(
          "org.vesalius.Load",
          "org.vesalius.Vision",
          "org.vesalius.Prefill",
          "org.vesalius.DecodeStep",
          "org.vesalius.Request");

  @TempDir private Path folder = Path.of("");

  private List<RecordedEvent> recorded(Set<String> enabled, Runnable work) throws IOException {
    Path file = folder.resolve("vesalius.jfr");
    try (Recording recording = new Recording()) {
      NAMES.forEach(name -> {
        if (enabled.contains(name)) {
          recording.enable(name).withThreshold(Duration.ZERO);
        } else {
          recording.disable(name);
        }
      });
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("org.vesalius."))
        .toList();
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("org.vesalius." + name))
        .toList();
  }

  @Test
  void stepsAreFollowedWhileTheyAreRecorded() throws IOException {
    JfrObserver observer = new JfrObserver();
    assertFalse(observer.followsSteps());
    assertEquals(List.of(), recorded(NAMES, () -> assertTrue(observer.followsSteps())));
    assertEquals(
        List.of(),
        recorded(Set.of("org.vesalius.Request"), () -> assertFalse(observer.followsSteps())));
  }

  @Test
  void everyEventIsReadBack() throws IOException {
    List<RecordedEvent> events = recorded(NAMES, () -> Runs.play(new JfrObserver()));
    assertEquals(8, events.size(), events::toString);

    RecordedEvent load = of(events, "Load").getFirst();
    assertEquals("phantom-vl", load.getString("directory"));
    assertEquals("Qwen2.5-VL", load.getString("family"));
    assertEquals("reference", load.getString("backend"));
    assertEquals(123L << 20, load.getLong("weightBytes"));
    assertEquals("", load.getString("error"));

    List<RecordedEvent> visions = of(events, "Vision");
    assertEquals(2, visions.size());
    for (int image = 0; image < 2; image++) {
      assertEquals("ward-7", visions.get(image).getString("requestId"));
      assertEquals(image, visions.get(image).getInt("image"));
      assertEquals(256, visions.get(image).getInt("tokens"));
      assertEquals(image == 1, visions.get(image).getBoolean("cached"));
    }

    RecordedEvent prefill = of(events, "Prefill").getFirst();
    assertEquals("ward-7", prefill.getString("requestId"));
    assertEquals(0, prefill.getInt("from"));
    assertEquals(512, prefill.getInt("to"));
    assertEquals(800, prefill.getInt("promptTokens"));
    assertEquals(516, prefill.getInt("stepTokens"));

    List<RecordedEvent> steps = of(events, "DecodeStep");
    assertEquals(
        List.of("2", "ward-7,2"), steps.stream().map(e -> e.getString("requestIds")).toList());
    assertEquals(List.of(1, 2), steps.stream().map(e -> e.getInt("requests")).toList());
    assertEquals(List.of(4, 2), steps.stream().map(e -> e.getInt("rows")).toList());
    assertEquals(List.of(512, 0), steps.stream().map(e -> e.getInt("promptTokens")).toList());

    List<RecordedEvent> requests = of(events, "Request");
    RecordedEvent named = requests.getFirst();
    assertEquals("ward-7", named.getString("requestId"));
    assertEquals("stop", named.getString("finishReason"));
    assertEquals("", named.getString("error"));
    assertEquals(800, named.getInt("promptTokens"));
    assertEquals(256, named.getInt("imageTokens"));
    assertEquals(640, named.getInt("cachedTokens"));
    assertEquals(40, named.getInt("completionTokens"));
    assertEquals(30, named.getInt("guessedTokens"));
    assertEquals(21, named.getInt("acceptedTokens"));
    assertEquals(Duration.ofNanos(600_000), named.getDuration("waitingTime"));
    assertEquals(Duration.ofMillis(5), named.getDuration("firstTokenTime"));
    assertEquals(Duration.ofMillis(4), named.getDuration("decodeTime"));
    assertEquals("error", requests.getLast().getString("finishReason"));
    assertEquals("NumericalException", requests.getLast().getString("error"));
  }

  /** A request's event lasts from its acceptance to its end, on whatever threads those are. */
  @Test
  void durationsAreThoseOfTheWork() throws IOException {
    List<RecordedEvent> events =
        recorded(
            NAMES,
            () -> {
              JfrObserver observer = new JfrObserver();
              observer.queued(Runs.NAMED);
              sleep(30);
              observer.stepBegins(Runs.decodeStep());
              sleep(20);
              observer.stepEnds(Runs.decodeStep(), 0);
              Thread other =
                  Thread.ofPlatform()
                      .start(() ->
                          observer.finished(
                              Runs.NAMED,
                              Runs.outcome(Optional.of(FinishReason.LENGTH), Optional.empty())));
              while (other.isAlive()) {
                sleep(1);
              }
            });
    RecordedEvent step = of(events, "DecodeStep").getFirst();
    RecordedEvent request = of(events, "Request").getFirst();
    assertTrue(step.getDuration().toMillis() >= 19, step.toString());
    assertTrue(request.getDuration().toMillis() >= 49, request.toString());
    assertTrue(request.getStartTime().isBefore(step.getStartTime()));
    assertNull(request.getStackTrace());
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void onlyWhatIsEnabledIsWritten() throws IOException {
    for (String name : NAMES) {
      List<RecordedEvent> events = recorded(Set.of(name), () -> Runs.play(new JfrObserver()));
      assertEquals(
          Set.of(name),
          events.stream().map(e -> e.getEventType().getName()).collect(Collectors.toSet()));
    }
  }

  @Test
  void eventsHaveLabelsUnitsAndACategory() throws IOException {
    List<RecordedEvent> events = recorded(NAMES, () -> Runs.play(new JfrObserver()));
    Set<EventType> types =
        events.stream().map(RecordedEvent::getEventType).collect(Collectors.toSet());
    assertEquals(NAMES, types.stream().map(EventType::getName).collect(Collectors.toSet()));
    for (EventType type : types) {
      assertEquals(List.of("Vesalius"), type.getCategoryNames());
      assertFalse(String.valueOf(type.getLabel()).isBlank());
      for (ValueDescriptor field : type.getFields()) {
        assertFalse(String.valueOf(field.getLabel()).isBlank(), type.getName() + field.getName());
        if (field.getName().endsWith("Time") && !field.getName().equals("startTime")) {
          assertEquals(Timespan.NANOSECONDS, field.getAnnotation(Timespan.class).value());
        }
      }
    }
  }

  /** What began before the recording is left out, and nothing is kept of it. */
  @Test
  void aRecordingMayBeginAtAnyTime() throws IOException {
    JfrObserver observer = new JfrObserver();
    observer.queued(Runs.NAMED);
    observer.stepBegins(Runs.mixedStep());
    List<RecordedEvent> events =
        recorded(
            NAMES,
            () -> {
              observer.stepEnds(Runs.mixedStep(), 1);
              observer.finished(
                  Runs.NAMED, Runs.outcome(Optional.of(FinishReason.STOP), Optional.empty()));
            });
    assertEquals(List.of(), events);
  }

  /** Without a recording nothing is allocated. */
  @Test
  void offCostsNothing() {
    JfrObserver observer = new JfrObserver();
    EngineStep step = Runs.mixedStep();
    RequestOutcome outcome = Runs.outcome(Optional.of(FinishReason.STOP), Optional.empty());
    VisionWork work = new VisionWork(0, 256, false);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = 0;
    for (int round = 0; round < 2; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 10_000; i++) {
        observer.queued(Runs.NAMED);
        observer.visionBegins(Runs.NAMED, 0);
        observer.visionEnds(Runs.NAMED, work, 1);
        observer.stepBegins(step);
        observer.stepEnds(step, 1);
        observer.finished(Runs.NAMED, outcome);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertTrue(allocated < 10_000L * 24, allocated + " bytes for 10000 requests");
  }
}
