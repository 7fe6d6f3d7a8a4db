package org.vesalius.bench.quality;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.StepResult;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.vision.TensorPool;
import org.vesalius.tokenizer.Tokenizer;

/** What a candidate does with all questions, beside a base. */
final class Evaluation {
  private final Candidate candidate;
  private final Divergence divergence = new Divergence();
  private final Accuracy accuracy = new Accuracy();
  private int questions;
  private int golden;

  private Evaluation(Candidate candidate) {
    this.candidate = candidate;
  }

  /**
   * Asks a candidate everything.
   *
   * <p>Distributions are compared after every token of the golden answers, whatever the models
   * would have said themselves; answers are the candidate's own, greedy ones.
   */
  static Evaluation of(Candidate candidate, List<Question> questions, List<float[][]> base) {
    Evaluation evaluation = new Evaluation(candidate);
    try (ChatModel model = ChatModel.open(candidate.model(), candidate.options())) {
      for (int i = 0; i < questions.size(); i++) {
        evaluation.ask(questions.get(i), base.get(i), model);
      }
    }
    return evaluation;
  }

  /** What candidates are compared with: for each question the logits before its golden tokens. */
  static List<float[][]> base(Candidate candidate, List<Question> questions) {
    try (ChatModel model = ChatModel.open(candidate.model(), candidate.options())) {
      return questions.stream()
          .map(question -> {
            EncodedPrompt prompt = model.promptEncoder().encode(question.request());
            return logits(model, prompt, question.golden());
          })
          .toList();
    }
  }

  private void ask(Question question, float[][] expected, ChatModel model) {
    ChatRequest request = question.request();
    EncodedPrompt prompt = model.promptEncoder().encode(request);
    float[][] found = logits(model, prompt, question.golden());
    for (int i = 0; i < expected.length; i++) {
      divergence.add(expected[i], found[i]);
    }
    Generation answer =
        model
            .generator()
            .generate(
                request, prompt, System.nanoTime(), GenerationListener.NONE, LayerObserver.NONE);
    questions++;
    if (answer.tokenIds().equals(question.golden())) {
      golden++;
    }
    accuracy.add(question, text(model.tokenizer(), answer.tokenIds()));
  }

  /** As the goldens were written: with the tags of reasoning, without the token that ends it. */
  private static String text(Tokenizer tokenizer, List<Integer> ids) {
    int[] said = ids.stream().limit(ids.size() - 1).mapToInt(Integer::intValue).toArray();
    return tokenizer.decode(said, false);
  }

  /** Logits {@code (tokens, vocabulary)} before each of the tokens. */
  private static float[][] logits(ChatModel model, EncodedPrompt prompt, List<Integer> tokens) {
    Engine engine = model.engine();
    float[][] logits = new float[tokens.size()][model.parts().decoder().config().vocabulary()];
    try (CachedSequence sequence = engine.newSequence();
        TensorPool.Loan embeddings = engine.borrowEmbeddings(prompt.imageTokens())) {
      int row = 0;
      for (var image : prompt.images()) {
        engine.encode(
            embeddings.tensor().rows(row, image.tokens()),
            image,
            model.parts().images().orElseThrow().encoder(),
            LayerObserver.NONE);
        row += image.tokens();
      }
      int end = prompt.ids().length;
      for (int from = 0; from < end; ) {
        int to = engine.chunkEnd(prompt, from);
        StepResult wanted = to == end ? StepResult.logits(logits[0]) : StepResult.nothing();
        engine.feed(sequence, prompt, embeddings.tensor(), from, to, wanted, LayerObserver.NONE);
        from = to;
      }
      for (int i = 1; i < tokens.size(); i++) {
        int position = prompt.positions().next() + i - 1;
        engine.decode(
            sequence,
            tokens.get(i - 1),
            position,
            StepResult.logits(logits[i]),
            LayerObserver.NONE);
      }
    }
    return logits;
  }

  static String heading() {
    StringBuilder line =
        new StringBuilder("| Weights, cache | KL mean | KL p99 | top-1 | goldens |");
    StringBuilder rule = new StringBuilder("|---|---|---|---|---|");
    for (Accuracy.Group group : Accuracy.Group.values()) {
      line.append(' ').append(group.title()).append(" |");
      rule.append("---|");
    }
    return line + "\n" + rule;
  }

  String row() {
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "| %s | %.1e | %.1e | %.2f %% | %d of %d |",
                candidate.name(),
                divergence.mean(),
                divergence.percentile99(),
                100 * divergence.sameBest(),
                golden,
                questions));
    for (Accuracy.Group group : Accuracy.Group.values()) {
      line.append(String.format(Locale.ROOT, " %.3f |", accuracy.of(group)));
    }
    return line.toString();
  }

  void write(ObjectNode json) {
    json.put("name", candidate.name());
    json.put("weights", candidate.weights().name());
    json.put("cache", candidate.cache().name());
    json.put("backend", candidate.backend());
    json.put("places", divergence.count());
    json.put("kl_mean_nats", divergence.mean());
    json.put("kl_p99_nats", divergence.percentile99());
    json.put("top1_agreement", divergence.sameBest());
    json.put("questions", questions);
    json.put("golden_answers", golden);
    for (Accuracy.Group group : Accuracy.Group.values()) {
      ObjectNode scores = json.withObject("/accuracy").putObject(group.title());
      scores.put("questions", accuracy.count(group));
      scores.put("score", accuracy.of(group));
    }
  }
}
