package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.Checkpoint;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.ContinuationScore;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.IncompleteRequestException;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.layers.LayerObserver;

/** How likely a model is to go on with given tokens. */
class LikelihoodTest {
  /** A logit may differ by as much in float32, relative to the largest; twice that is of two. */
  private static final double LOGIT_BOUND = 2e-4;

  private static final List<String> FAMILIES =
      List.of("qwen2", "qwen2_5_vl", "small_gemma3", "small_llava", "small_qwen3_moe");

  @TestFactory
  Stream<DynamicTest> tokensAreAsLikelyAsTransformersHasThem() {
    return Fixtures.tested().stream()
        .flatMap(backend ->
            FAMILIES.stream()
                .flatMap(family ->
                    Fixtures.cases(family).stream()
                        .map(golden ->
                            DynamicTest.dynamicTest(
                                backend + " " + family + " " + golden.name(),
                                () -> likelihood(backend, golden)))));
  }

  private static void likelihood(String backend, GoldenCase golden) throws IOException {
    Fixtures.requireBackend(backend);
    try (ChatModel model =
            ChatModel.open(golden.family(), Fixtures.options(backend, CacheFormat.F32));
        Checkpoint tensors = golden.tensors()) {
      ContinuationScore score = score(model, golden, golden.newTokenIds());
      float[] steps = GoldenCase.floats(tensors.tensor("logits_steps"));
      int vocabulary = steps.length / golden.newTokenIds().size();
      double total = 0;
      for (int i = 0; i < golden.newTokenIds().size(); i++) {
        float[] logits = Arrays.copyOfRange(steps, i * vocabulary, (i + 1) * vocabulary);
        double expected = logSoftmax(logits, golden.newTokenIds().get(i));
        double largest = 0;
        for (float logit : logits) {
          largest = Math.max(largest, Math.abs(logit));
        }
        var token = score.tokens().get(i);
        assertEquals(golden.newTokenIds().get(i), token.chosen().id());
        assertEquals(expected, token.chosen().logprob(), 2 * LOGIT_BOUND * largest, "token " + i);
        total += token.chosen().logprob();
      }
      assertEquals(total, score.logLikelihood(), 1e-12 * Math.abs(total));
      assertTrue(score.isLikeliest(), "greedy tokens");

      // The same to the last bit as where the model writes them itself.
      Generation written =
          model.generate(golden.request().logprobs(1).speculativeTokens(0).build());
      assertEquals(golden.newTokenIds(), written.tokenIds());
      assertEquals(written.logprobs(), score.tokens());
      assertEquals(0, model.usedCachePages());
    }
  }

  private static ContinuationScore score(ChatModel model, GoldenCase golden, List<Integer> ids) {
    ChatRequest request = golden.request().build();
    EncodedPrompt prompt = model.promptEncoder().encode(request);
    int[] continuation = ids.stream().mapToInt(Integer::intValue).toArray();
    return model
        .generator()
        .scoreTokens(request, prompt, List.of(continuation), System.nanoTime())
        .getFirst();
  }

  private static double logSoftmax(float[] logits, int id) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - logits[id]);
    }
    return -Math.log(sum);
  }

  @Test
  void manyTextsAreScoredAsEachAloneWhileOthersGenerate() throws Exception {
    Fixtures.requireBackend("native");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      texts.add("no sign of pneumothorax ".repeat(1 + i % 7) + i);
    }
    GoldenCase golden = Fixtures.cases("qwen2_5_vl").getFirst();
    ChatRequest request = golden.request().logprobs(3).build();
    OpenOptions options = Fixtures.options("native", CacheFormat.BF16).withPrefillChunk(7);
    List<ContinuationScore> alone = new ArrayList<>();
    try (ChatModel model =
        ChatModel.open(golden.family(), options.withCapacity(new Capacity(1, 0, 0)))) {
      for (String text : texts) {
        alone.add(model.score(request, text));
      }
    }
    // So little room that they have to give way to each other.
    try (ChatModel model =
            ChatModel.open(
                golden.family(),
                options
                    .withContextTokens(512)
                    .withCacheTokens(512)
                    .withCapacity(new Capacity(6, 40, 128)));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Generation> beside =
          threads.submit(() -> model.generate(golden.request().maxTokens(60).build()));
      List<ContinuationScore> together = model.score(request, texts);
      for (int i = 0; i < texts.size(); i++) {
        assertEquals(alone.get(i).tokens(), together.get(i).tokens(), texts.get(i));
        assertEquals(3, together.get(i).tokens().getFirst().top().size());
      }
      assertTrue(
          together.stream().skip(1).anyMatch(score -> score.usage().cachedTokens() > 0),
          "prompts that were computed anew");
      Generation unused = beside.get();
      assertEquals(0, model.usedCachePages());
    }
  }

  @Test
  void whatIsImprobableHasALowerLikelihood() {
    try (ChatModel model = ChatModel.open(Fixtures.fixture("qwen2"))) {
      ChatRequest request = ChatRequest.builder().user("Is there a nodule?").build();
      Generation generation =
          model
              .generator()
              .generate(
                  ChatRequest.builder().user("Is there a nodule?").maxTokens(1).logprobs(5).build(),
                  GenerationListener.NONE,
                  LayerObserver.NONE);
      var top = generation.logprobs().getFirst().top();
      EncodedPrompt prompt = model.promptEncoder().encode(request);
      List<int[]> singles = top.stream().map(entry -> new int[] {entry.id()}).toList();
      List<ContinuationScore> scores =
          model.generator().scoreTokens(request, prompt, singles, System.nanoTime());
      for (int i = 0; i < top.size(); i++) {
        assertEquals(top.get(i).logprob(), scores.get(i).logLikelihood());
        assertEquals(i == 0, scores.get(i).isLikeliest());
      }
    }
  }

  @Test
  void whatCannotBeScoredIsSaid() {
    try (ChatModel model =
        ChatModel.open(Fixtures.fixture("qwen2"), OpenOptions.defaults().withContextTokens(128))) {
      ChatRequest request = ChatRequest.builder().user("Yes or no?").build();
      var nothing = assertThrows(IllegalArgumentException.class, () -> model.score(request, ""));
      assertTrue(
          String.valueOf(nothing.getMessage()).contains("at least one token"), nothing.toString());
      assertThrows(ContextOverflowException.class, () -> model.score(request, "yes ".repeat(300)));
      assertEquals(List.of(), model.score(request, List.of()));

      Cancellation cancelled = new Cancellation();
      cancelled.cancel();
      ChatRequest over = ChatRequest.builder().user("Yes or no?").cancellation(cancelled).build();
      assertEquals(
          FinishReason.CANCELLED,
          assertThrows(IncompleteRequestException.class, () -> model.score(over, "yes")).reason());
      ChatRequest late =
          ChatRequest.builder()
              .user("Yes or no?")
              .scheduling(Scheduling.defaults().withTimeLimit(Duration.ofNanos(1)))
              .build();
      assertEquals(
          FinishReason.DEADLINE,
          assertThrows(
                  IncompleteRequestException.class,
                  () -> model.score(late, List.of("yes", "no", "perhaps")))
              .reason());
      assertEquals(0, model.requests());
      assertEquals(0, model.usedCachePages());
      assertFalse(model.score(request, "yes").tokens().isEmpty());
    }
  }
}
