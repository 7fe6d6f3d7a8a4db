package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.SamplingOptions;

/**
 * Answers whose tokens are drawn: the same ones whether they are drawn where the model computes or,
 * because log-probabilities are wanted, on the host; alone or beside other requests. The build runs
 * this on the simulated GPU too.
 */
@Execution(ExecutionMode.CONCURRENT)
class SampledModelTest {
  private static final int TOKENS = 24;

  private static final List<SamplingOptions> OPTIONS =
      List.of(
          SamplingOptions.greedy().withTemperature(1).withSeed(1),
          SamplingOptions.greedy().withTemperature(0.7).withTopK(20).withTopP(0.8).withSeed(2),
          SamplingOptions.greedy().withRepetitionPenalty(1.5),
          SamplingOptions.greedy().withFrequencyPenalty(2).withPresencePenalty(1.5),
          SamplingOptions.greedy()
              .withTemperature(1.5)
              .withTopP(0.9)
              .withMinP(0.02)
              .withRepetitionPenalty(1.2)
              .withFrequencyPenalty(0.3)
              .withSeed(3));

  private static ChatModel open(String backend) {
    Fixtures.requireBackend(backend);
    return ChatModel.open(Fixtures.fixture("qwen2"), Fixtures.options(backend, CacheFormat.F32));
  }

  private static ChatRequest.Builder request(SamplingOptions options) {
    return ChatRequest.builder().user("Count.").maxTokens(TOKENS).sampling(options);
  }

  private static List<Integer> tokens(ChatModel model, SamplingOptions options) {
    return model.generate(request(options).build()).tokenIds();
  }

  @TestFactory
  Stream<DynamicTest> logProbabilitiesChangeNoToken() {
    return Fixtures.tested().stream()
        .map(backend ->
            DynamicTest.dynamicTest(
                backend,
                () -> {
                  try (ChatModel model = open(backend)) {
                    List<Integer> greedy = tokens(model, SamplingOptions.greedy());
                    for (SamplingOptions options : OPTIONS) {
                      List<Integer> drawn = tokens(model, options);
                      Generation told = model.generate(request(options).logprobs(2).build());
                      assertEquals(told.tokenIds(), drawn, options.toString());
                      assertNotEquals(greedy, drawn, "without effect: " + options);
                    }
                  }
                }));
  }

  /**
   * Backends' logits differ in their last digits here, which decides a draw only where a random
   * number falls into a gap of as many: with these seeds none does.
   */
  @TestFactory
  Stream<DynamicTest> aSeedGivesTheSameTokensOnEveryBackend() {
    // One that rounds activations has other logits.
    return Fixtures.only().isEmpty()
        ? Fixtures.backends().stream()
            .filter(backend -> !backend.equals("reference"))
            .map(backend -> DynamicTest.dynamicTest(backend, () -> sameAsTheDefinition(backend)))
        : Stream.empty();
  }

  private static void sameAsTheDefinition(String backend) {
    try (ChatModel reference = open("reference");
        ChatModel tested = open(backend)) {
      for (SamplingOptions options : OPTIONS) {
        assertEquals(tokens(reference, options), tokens(tested, options), options.toString());
      }
    }
  }

  /** More of them than there are rows for what they have written at first. */
  @TestFactory
  Stream<DynamicTest> requestsInTurnsGetTheTokensOfRequestsAlone() {
    return Fixtures.tested().stream()
        .map(backend -> DynamicTest.dynamicTest(backend, () -> inTurns(backend)));
  }

  private static void inTurns(String backend) throws Exception {
    List<List<Integer>> alone = new ArrayList<>();
    try (ChatModel model = open(backend)) {
      OPTIONS.forEach(options -> alone.add(tokens(model, options)));
    }
    try (ChatModel model = open(backend);
        ExecutorService threads = Executors.newFixedThreadPool(2 * OPTIONS.size())) {
      for (int round = 0; round < 2; round++) {
        List<Future<List<Integer>>> answers = new ArrayList<>();
        for (int i = 0; i < 2 * OPTIONS.size(); i++) {
          SamplingOptions options = OPTIONS.get(i % OPTIONS.size());
          answers.add(threads.submit(() -> tokens(model, options)));
        }
        for (int i = 0; i < answers.size(); i++) {
          assertEquals(alone.get(i % OPTIONS.size()), answers.get(i).get(), "request " + i);
        }
      }
    }
  }
}
