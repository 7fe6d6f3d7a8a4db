package org.vesalius.clinical.judge;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContinuationScore;
import org.vesalius.runtime.Part;

/** A loaded model as a judge: what it would have answered, and how likely. */
public final class LikelihoodJudge implements Judge {
  private final ChatModel model;

  /**
   * A judge.
   *
   * @param model that is asked; it stays the caller's
   */
  public LikelihoodJudge(ChatModel model) {
    this.model = model;
  }

  @Override
  public List<Double> logLikelihoods(
      List<? extends Part> context, String question, List<String> answers) {
    if (answers.size() < 2) {
      throw new IllegalArgumentException(
          "answers: expected at least two to choose from, found " + answers.size());
    }
    List<Part> parts = new ArrayList<>(context);
    parts.add(Part.text(question));
    ChatRequest request = ChatRequest.builder().user(parts.toArray(Part[]::new)).build();
    return model.score(request, answers).stream().map(ContinuationScore::logLikelihood).toList();
  }
}
