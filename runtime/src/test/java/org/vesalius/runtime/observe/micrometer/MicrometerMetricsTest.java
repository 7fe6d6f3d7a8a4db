package org.vesalius.runtime.observe.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.Runs;

class MicrometerMetricsTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).counter().count();
  }

  private double gauge(String name, String... tags) {
    return registry.get(name).tags(tags).gauge().value();
  }

  private void timed(long count, double millis, String name, String... tags) {
    Timer timer = registry.get(name).tags(tags).timer();
    assertEquals(count, timer.count(), name);
    assertEquals(millis, timer.totalTime(TimeUnit.NANOSECONDS) / 1e6, 1e-9, name);
  }

  @Test
  void everyMetricSaysWhatHappened() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    Runs.play(metrics);
    assertEquals(1, count("vesalius.requests", "reason", "stop"));
    assertEquals(1, count("vesalius.requests", "reason", "error"));
    for (String none : List.of("length", "cancelled", "deadline", "repetition")) {
      assertEquals(0, count("vesalius.requests", "reason", none), none);
    }
    timed(1, 70e-6, "vesalius.load");
    timed(2, 1.3, "vesalius.request.wait");
    timed(1, 5, "vesalius.request.first.token");
    timed(2, 18, "vesalius.request");
    timed(5, 30, "vesalius.token");
    timed(1, 2, "vesalius.vision");
    timed(1, 30, "vesalius.step", "kind", "mixed");
    timed(1, 10, "vesalius.step", "kind", "decode");
    timed(0, 0, "vesalius.step", "kind", "prefill");
    assertEquals(820, count("vesalius.tokens", "kind", "prompt"));
    assertEquals(640, count("vesalius.tokens", "kind", "cached"));
    assertEquals(512, count("vesalius.tokens", "kind", "image"));
    assertEquals(80, count("vesalius.tokens", "kind", "completion"));
    assertEquals(42, count("vesalius.tokens.guessed", "result", "accepted"));
    assertEquals(18, count("vesalius.tokens.guessed", "result", "rejected"));
    assertEquals(1, count("vesalius.images", "cached", "true"));
    assertEquals(1, count("vesalius.images", "cached", "false"));
    assertEquals(1, count("vesalius.preemptions"));
  }

  @Test
  void gaugesFollowTheEngine() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    metrics.population(7, 3);
    metrics.cache(new CacheUse(30, 20, 5, 100));
    assertEquals(7, gauge("vesalius.queue.length"));
    assertEquals(3, gauge("vesalius.requests.running"));
    assertEquals(30, gauge("vesalius.cache.pages", "state", "used"));
    assertEquals(20, gauge("vesalius.cache.pages", "state", "shared"));
    assertEquals(5, gauge("vesalius.cache.pages", "state", "idle"));
    assertEquals(100, gauge("vesalius.cache.pages", "state", "total"));
    metrics.population(0, 1);
    assertEquals(0, gauge("vesalius.queue.length"));
    assertEquals(1, gauge("vesalius.requests.running"));
  }

  @Test
  void everyFinishReasonHasItsCounter() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    for (FinishReason reason : FinishReason.values()) {
      metrics.finished(Runs.NAMED, Runs.outcome(Optional.of(reason), Optional.empty()));
      assertEquals(
          1,
          count("vesalius.requests", "reason", reason.name().toLowerCase(java.util.Locale.ROOT)));
    }
  }

  @Test
  void enginesShareARegistryByTheirTags() {
    try (MicrometerMetrics one = new MicrometerMetrics(registry, Tags.of("model", "one"));
        MicrometerMetrics two = new MicrometerMetrics(registry, Tags.of("model", "two"))) {
      one.population(1, 1);
      two.population(5, 5);
      assertEquals(1, gauge("vesalius.queue.length", "model", "one"));
      assertEquals(5, gauge("vesalius.queue.length", "model", "two"));
    }
    assertEquals(List.of(), registry.getMeters());
  }

  /** The documentation's list has every meter, and no other. */
  @Test
  void documentationNamesEveryMeter() throws IOException {
    new MicrometerMetrics(registry);
    TreeSet<String> known = new TreeSet<>();
    for (Meter meter : registry.getMeters()) {
      known.add(meter.getId().getName());
      assertTrue(meter.getId().getDescription() != null, meter.getId().toString());
    }
    TreeSet<String> documented = new TreeSet<>();
    Path page = Path.of(System.getProperty("vesalius.root", "..")).resolve("docs/observability.md");
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("| `vesalius.")) {
        documented.add(line.substring(3, line.indexOf('`', 3)));
      }
    }
    assertEquals(known, documented);
  }
}
