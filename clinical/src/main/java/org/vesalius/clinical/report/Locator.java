package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Places;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.agent.TraceRecorder.TokenRange;
import org.vesalius.clinical.trace.TracePlace;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.answer.Region;

/** Asks the model where in the pictures a finding is; each finding once. */
final class Locator {
  private static final int TOKENS = 256;
  private static final int MOST = 8;

  private final ChatModel model;
  private final List<AgentImage> images;
  private final TraceRecorder trace;
  private final SamplingOptions sampling;
  private final Cancellation cancellation;
  private final Map<String, List<Located>> known = new HashMap<>();

  /**
   * A place and the step of the trace that found it.
   *
   * @param finding id of what was looked for
   * @param place of it
   * @param step of the trace
   */
  record Located(String finding, TracePlace place, int step) {}

  Locator(
      ChatModel model,
      List<AgentImage> images,
      TraceRecorder trace,
      SamplingOptions sampling,
      Cancellation cancellation) {
    this.sampling = sampling;
    this.model = model;
    this.images = List.copyOf(images);
    this.trace = trace;
    this.cancellation = cancellation;
  }

  /** Where it is; empty where the model names no place or is not asked. */
  List<Located> locate(Finding finding) {
    if (finding.locate().isEmpty()) {
      return List.of();
    }
    return known.computeIfAbsent(
        finding.id(),
        _ -> {
          List<Located> places = new ArrayList<>();
          for (int i = 0; i < images.size() && !cancellation.isCancelled(); i++) {
            places.addAll(ask(finding.id(), finding.locate().get(), i));
          }
          return places;
        });
  }

  private List<Located> ask(String finding, String question, int image) {
    double start = trace.millis();
    Generation answer =
        model.generate(
            ChatRequest.builder()
                .user(images.get(image).part(), Part.text(question))
                .maxTokens(TOKENS)
                .sampling(sampling)
                .logprobs(1)
                .cancellation(cancellation)
                .build());
    int turn = trace.turn("locate", answer);
    // The question had one picture; the report has several.
    List<Region> regions =
        answer.regions().stream().limit(MOST).map(region -> Places.inImage(region, image)).toList();
    List<Integer> steps =
        trace.observations(turn, regions, new TokenRange(0, answer.tokenIds().size()), start);
    List<Located> located = new ArrayList<>();
    for (int i = 0; i < regions.size(); i++) {
      located.add(
          new Located(finding, Places.of(images.get(image), image, regions.get(i)), steps.get(i)));
    }
    return located;
  }
}
