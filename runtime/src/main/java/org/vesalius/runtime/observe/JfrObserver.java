package org.vesalius.runtime.observe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes events of Flight Recorder: {@code org.vesalius.Load}, {@code Vision}, {@code Prefill},
 * {@code DecodeStep} and {@code Request}. While nothing is recorded each call is one test. One per
 * engine. What began before a recording is not in it.
 */
public final class JfrObserver implements EngineObserver {
  /** Never committed; they know whether their kind is recorded. */
  private final JfrEvents.Load loads = new JfrEvents.Load();

  private final JfrEvents.Vision visions = new JfrEvents.Vision();
  private final JfrEvents.Prefill prefills = new JfrEvents.Prefill();
  private final JfrEvents.DecodeStep decodeSteps = new JfrEvents.DecodeStep();
  private final JfrEvents.Request requests = new JfrEvents.Request();

  private final Map<Long, JfrEvents.Request> openRequests = new ConcurrentHashMap<>();
  private final Map<Long, JfrEvents.Vision> openVisions = new ConcurrentHashMap<>();
  private final List<JfrEvents.Prefill> openPrefills = new ArrayList<>();
  private JfrEvents.@Nullable DecodeStep openStep;
  private JfrEvents.@Nullable Load openLoad;

  /** An observer. */
  public JfrObserver() {}

  @Override
  public boolean followsSteps() {
    return prefills.isEnabled() || decodeSteps.isEnabled();
  }

  @Override
  public void loadBegins(String directory) {
    if (loads.isEnabled()) {
      JfrEvents.Load event = new JfrEvents.Load();
      event.directory = directory;
      event.begin();
      openLoad = event;
    }
  }

  @Override
  public void loadEnds(ModelLoad load, long nanos) {
    JfrEvents.Load event = openLoad;
    if (event != null) {
      openLoad = null;
      event.end();
      event.family = load.family();
      event.backend = load.backend();
      event.weightBytes = load.weightBytes();
      event.error = load.error().orElse("");
      event.commit();
    }
  }

  @Override
  public void queued(ObservedRequest request) {
    if (requests.isEnabled()) {
      JfrEvents.Request event = new JfrEvents.Request();
      event.requestId = request.id();
      event.begin();
      openRequests.put(request.number(), event);
    }
  }

  @Override
  public void visionBegins(ObservedRequest request, int image) {
    if (visions.isEnabled()) {
      JfrEvents.Vision event = new JfrEvents.Vision();
      event.requestId = request.id();
      event.image = image;
      event.begin();
      openVisions.put(request.number(), event);
    }
  }

  @Override
  public void visionEnds(ObservedRequest request, VisionWork work, long nanos) {
    JfrEvents.Vision event = openVisions.isEmpty() ? null : openVisions.remove(request.number());
    if (event != null) {
      event.end();
      event.tokens = work.tokens();
      event.cached = work.cached();
      event.commit();
    }
  }

  @Override
  public void stepBegins(EngineStep step) {
    if (!step.chunks().isEmpty() && prefills.isEnabled()) {
      for (PromptChunk chunk : step.chunks()) {
        JfrEvents.Prefill event = new JfrEvents.Prefill();
        event.requestId = chunk.request().id();
        event.from = chunk.from();
        event.to = chunk.to();
        event.promptTokens = chunk.promptTokens();
        event.stepTokens = step.promptTokens() + step.decodeRows();
        openPrefills.add(event);
        event.begin();
      }
    }
    if (step.decodeRows() > 0 && decodeSteps.isEnabled()) {
      JfrEvents.DecodeStep event = new JfrEvents.DecodeStep();
      event.requestIds =
          step.decoding().stream().map(ObservedRequest::id).collect(Collectors.joining(","));
      event.requests = step.decoding().size();
      event.rows = step.decodeRows();
      event.promptTokens = step.promptTokens();
      openStep = event;
      event.begin();
    }
  }

  @Override
  public void stepEnds(EngineStep step, long nanos) {
    JfrEvents.DecodeStep event = openStep;
    if (event != null) {
      openStep = null;
      event.commit();
    }
    if (!openPrefills.isEmpty()) {
      openPrefills.forEach(JfrEvents.Prefill::commit);
      openPrefills.clear();
    }
  }

  @Override
  public void finished(ObservedRequest request, RequestOutcome outcome) {
    openVisions.remove(request.number());
    JfrEvents.Request event = openRequests.isEmpty() ? null : openRequests.remove(request.number());
    if (event != null) {
      event.end();
      event.finishReason = outcome.ending();
      event.error = outcome.error().orElse("");
      event.promptTokens = outcome.usage().promptTokens();
      event.imageTokens = outcome.usage().imageTokens();
      event.cachedTokens = outcome.usage().cachedTokens();
      event.completionTokens = outcome.usage().completionTokens();
      event.guessedTokens = outcome.usage().drafts().proposed();
      event.acceptedTokens = outcome.usage().drafts().accepted();
      event.waitingTime = outcome.timings().queueNanos();
      event.firstTokenTime = outcome.timings().firstTokenNanos();
      event.decodeTime = outcome.timings().decodeNanos();
      event.commit();
    }
  }
}
