package org.vesalius.clinical.agent;

import java.util.List;
import java.util.Optional;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.SamplingOptions;

/**
 * What an agent is asked.
 *
 * @param system the developer's instruction
 * @param images that the question is about
 * @param prompt the question
 * @param format what the answer has to look like; calls of tools stay possible
 * @param sampling how tokens are chosen
 * @param cancellation ends the run
 */
public record AgentTask(
    Optional<String> system,
    List<AgentImage> images,
    String prompt,
    ResponseFormat format,
    SamplingOptions sampling,
    Cancellation cancellation) {
  /** Copies the list. */
  public AgentTask {
    images = List.copyOf(images);
  }

  /** A question about pictures, answered greedily in free form. */
  public static AgentTask of(String prompt, List<AgentImage> images) {
    return new AgentTask(
        Optional.empty(),
        images,
        prompt,
        ResponseFormat.text(),
        SamplingOptions.greedy(),
        new Cancellation());
  }
}
