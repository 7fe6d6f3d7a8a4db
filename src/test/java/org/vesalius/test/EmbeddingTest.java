package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
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
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.Embedding;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Pooling;

/** Hidden states as one vector. */
class EmbeddingTest {
  private static final double RELATIVE_BOUND = 2e-4;

  @TestFactory
  Stream<DynamicTest> vectorsAreThoseOfTransformers() {
    return Fixtures.tested().stream()
        .flatMap(backend ->
            Stream.of("qwen2", "qwen3", "qwen2_5_vl", "small_gemma3_text", "small_llama")
                .flatMap(family ->
                    Fixtures.cases(family).stream()
                        .filter(EmbeddingTest::hasAllRows)
                        .map(golden ->
                            DynamicTest.dynamicTest(
                                backend + " " + family + " " + golden.name(),
                                () -> vectors(backend, golden)))));
  }

  /** The others have some rows only. */
  private static boolean hasAllRows(GoldenCase golden) {
    return golden.hiddenPositions().size() == golden.inputIds().size();
  }

  private static void vectors(String backend, GoldenCase golden) throws IOException {
    Fixtures.requireBackend(backend);
    OpenOptions options = Fixtures.options(backend, CacheFormat.F32);
    ChatRequest request = golden.request().build();
    try (Checkpoint tensors = golden.tensors()) {
      float[] states = GoldenCase.floats(tensors.tensor("hidden.norm"));
      int tokens = golden.inputIds().size();
      int width = states.length / tokens;
      Embedding mean;
      Embedding last;
      try (ChatModel model = ChatModel.open(golden.family(), options)) {
        mean = model.embed(request, Pooling.MEAN);
        last = model.embed(request, Pooling.LAST);
        assertEquals(tokens, mean.tokens());
        assertEquals(0, model.usedCachePages());
      }
      double bound = 0;
      for (float state : states) {
        bound = Math.max(bound, RELATIVE_BOUND * Math.abs(state));
      }
      for (int i = 0; i < width; i++) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
          sum += states[t * width + i];
        }
        assertEquals(sum / tokens, mean.values()[i], bound);
        assertEquals(states[(tokens - 1) * width + i], last.values()[i], bound);
      }
      // Pictures whose tokens see each other come whole, so steps end elsewhere or there.
      try (ChatModel model = ChatModel.open(golden.family(), options.withPrefillChunk(5))) {
        assertArrayEquals(mean.values(), model.embed(request, Pooling.MEAN).values());
        assertArrayEquals(last.values(), model.embed(request, Pooling.LAST).values());
      }
    }
  }

  @Test
  void manyTextsAreEmbeddedAsEachAloneWhileOthersGenerate() throws Exception {
    Fixtures.requireBackend("native");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add("Nodule of " + i + " mm in the right upper lobe. ".repeat(1 + i % 6));
    }
    OpenOptions options = Fixtures.options("native", CacheFormat.BF16);
    for (Pooling pooling : Pooling.values()) {
      List<Embedding> alone = new ArrayList<>();
      try (ChatModel model =
          ChatModel.open(Fixtures.fixture("qwen3"), options.withCapacity(new Capacity(1, 0, 0)))) {
        for (String text : texts) {
          alone.add(model.embed(text, pooling));
        }
      }
      // So little room that they have to give way to each other.
      try (ChatModel model =
              ChatModel.open(
                  Fixtures.fixture("qwen3"),
                  options
                      .withPrefillChunk(16)
                      .withContextTokens(400)
                      .withCacheTokens(400)
                      .withCapacity(new Capacity(8, 8, 64)));
          ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        Future<Generation> beside =
            threads.submit(() ->
                model.generate(ChatRequest.builder().user("Describe.").maxTokens(80).build()));
        List<Embedding> together = model.embed(texts, pooling);
        for (int i = 0; i < texts.size(); i++) {
          assertArrayEquals(alone.get(i).values(), together.get(i).values(), texts.get(i));
        }
        Generation unused = beside.get();
        assertEquals(0, model.usedCachePages());
      }
    }
  }

  @Test
  void directionsCompare() {
    Embedding one = new Embedding(new float[] {3, 4}, Pooling.MEAN, 1);
    Embedding other = new Embedding(new float[] {-4, 3}, Pooling.MEAN, 1);
    assertEquals(5, one.norm());
    assertArrayEquals(new float[] {0.6f, 0.8f}, one.normalized().values());
    assertEquals(0, one.cosine(other));
    assertEquals(1, one.cosine(one.normalized()), 1e-7);
    Embedding nothing = new Embedding(new float[2], Pooling.LAST, 1);
    assertEquals(0, nothing.cosine(one));
    assertThrows(ArithmeticException.class, nothing::normalized);
    assertThrows(
        IllegalArgumentException.class,
        () -> one.cosine(new Embedding(new float[3], Pooling.MEAN, 1)));
  }

  @Test
  void whatCannotBeEmbeddedIsSaid() {
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("qwen2_5_vl"), OpenOptions.defaults().withContextTokens(64))) {
      assertThrows(IllegalArgumentException.class, () -> model.embed("", Pooling.MEAN));
      assertThrows(
          ContextOverflowException.class, () -> model.embed("word ".repeat(200), Pooling.MEAN));
      var picture =
          assertThrows(
              IllegalArgumentException.class,
              () -> model.embed("what is <|image_pad|> here", Pooling.LAST));
      assertTrue(String.valueOf(picture.getMessage()).contains("picture"), picture.toString());
      assertEquals(List.of(), model.embed(List.of(), Pooling.MEAN));
      assertEquals(0, model.requests());
    }
  }
}
