package org.vesalius.runtime.observe;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Several observers as one. One that throws is left out from then on, and a line at level WARNING
 * says so, without the exception's message.
 */
public final class EngineObservers implements EngineObserver {
  private static final String FLIGHT_RECORDER = "jdk.jfr";

  private final List<Guarded> observers;

  private EngineObservers(List<EngineObserver> observers) {
    this.observers = observers.stream().map(Guarded::new).toList();
  }

  /** These, one after the other. */
  public static EngineObserver of(List<EngineObserver> observers) {
    return new EngineObservers(observers);
  }

  /**
   * These, after the log and Flight Recorder, which cost next to nothing while nobody listens. A
   * Java that was linked without the module {@code jdk.jfr} does without.
   */
  public static EngineObserver standard(List<EngineObserver> more) {
    boolean recorder = ModuleLayer.boot().findModule(FLIGHT_RECORDER).isPresent();
    Stream<EngineObserver> own =
        recorder ? Stream.of(new LogObserver(), new JfrObserver()) : Stream.of(new LogObserver());
    return of(Stream.concat(own, more.stream()).toList());
  }

  /** An observer until it fails. */
  private static final class Guarded {
    private final EngineObserver observer;
    private volatile boolean failed;

    Guarded(EngineObserver observer) {
      this.observer = observer;
    }

    boolean followsSteps() {
      if (failed) {
        return false;
      }
      try {
        return observer.followsSteps();
      } catch (RuntimeException | Error e) {
        leaveOut(e);
        return false;
      }
    }

    void tell(Consumer<EngineObserver> call) {
      if (failed) {
        return;
      }
      try {
        call.accept(observer);
      } catch (RuntimeException | Error e) { // the engine's thread has to live on
        leaveOut(e);
      }
    }

    private void leaveOut(Throwable e) {
      failed = true;
      System.getLogger("org.vesalius.runtime")
          .log(
              Level.WARNING,
              "the observer "
                  + observer.getClass().getName()
                  + " has thrown "
                  + e.getClass().getName()
                  + " and is told nothing any more");
    }
  }

  private void tell(Consumer<EngineObserver> call) {
    for (Guarded observer : observers) {
      observer.tell(call);
    }
  }

  /** Without garbage, since it is asked for every step. */
  @Override
  public boolean followsSteps() {
    for (int i = 0; i < observers.size(); i++) {
      if (observers.get(i).followsSteps()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void loadBegins(String directory) {
    tell(o -> o.loadBegins(directory));
  }

  @Override
  public void loadEnds(ModelLoad load, long nanos) {
    tell(o -> o.loadEnds(load, nanos));
  }

  @Override
  public void queued(ObservedRequest request) {
    tell(o -> o.queued(request));
  }

  @Override
  public void population(int waiting, int running) {
    tell(o -> o.population(waiting, running));
  }

  @Override
  public void started(
      ObservedRequest request, int promptTokens, int cachedTokens, long queueNanos) {
    tell(o -> o.started(request, promptTokens, cachedTokens, queueNanos));
  }

  @Override
  public void preempted(ObservedRequest request) {
    tell(o -> o.preempted(request));
  }

  @Override
  public void resumed(ObservedRequest request, int cachedTokens) {
    tell(o -> o.resumed(request, cachedTokens));
  }

  @Override
  public void visionBegins(ObservedRequest request, int image) {
    tell(o -> o.visionBegins(request, image));
  }

  @Override
  public void visionEnds(ObservedRequest request, VisionWork work, long nanos) {
    tell(o -> o.visionEnds(request, work, nanos));
  }

  @Override
  public void stepBegins(EngineStep step) {
    tell(o -> o.stepBegins(step));
  }

  @Override
  public void stepEnds(EngineStep step, long nanos) {
    tell(o -> o.stepEnds(step, nanos));
  }

  @Override
  public void firstToken(ObservedRequest request, long nanos) {
    tell(o -> o.firstToken(request, nanos));
  }

  @Override
  public void tokens(ObservedRequest request, int count, long nanos) {
    tell(o -> o.tokens(request, count, nanos));
  }

  @Override
  public void cache(CacheUse use) {
    tell(o -> o.cache(use));
  }

  @Override
  public void finished(ObservedRequest request, RequestOutcome outcome) {
    tell(o -> o.finished(request, outcome));
  }
}
