package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;

/** One model, many threads; and the answer does not depend on how the prompt is cut. */
class ConcurrencyTest {

  @TestFactory
  Stream<DynamicTest> concurrentGenerationsEqualSequentialOnes() {
    return Fixtures.backends().stream()
        .map(backend -> DynamicTest.dynamicTest(backend, () -> concurrent(backend)));
  }

  private static void concurrent(String backend) throws Exception {
    Fixtures.requireBackend(backend);
    List<GoldenCase> cases = Fixtures.cases("qwen2_5_vl");
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("qwen2_5_vl"),
            OpenOptions.defaults().withBackend(backend).withPrefillChunk(16))) {
      List<List<Integer>> sequential = new ArrayList<>();
      for (GoldenCase golden : cases) {
        sequential.add(model.generate(golden.request().build()).tokenIds());
      }
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<List<Integer>>> answers = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
          GoldenCase golden = cases.get(i % cases.size());
          answers.add(threads.submit(() -> model.generate(golden.request().build()).tokenIds()));
        }
        for (int i = 0; i < answers.size(); i++) {
          assertEquals(sequential.get(i % cases.size()), answers.get(i).get(), "generation " + i);
        }
      }
      assertEquals(0, model.usedCachePages(), "pages that are still held");
    }
  }

  @TestFactory
  Stream<DynamicTest> theChunkSizeChangesNothing() {
    return Fixtures.backends().stream()
        .map(backend -> DynamicTest.dynamicTest(backend, () -> chunks(backend)));
  }

  private static void chunks(String backend) {
    Fixtures.requireBackend(backend);
    for (GoldenCase golden : Fixtures.cases("qwen2_5_vl")) {
      List<float[]> logits = null;
      for (int chunk : new int[] {1, 7, 64, 1024}) {
        OpenOptions options = OpenOptions.defaults().withBackend(backend).withPrefillChunk(chunk);
        try (ChatModel model = ChatModel.open(Fixtures.fixture("qwen2_5_vl"), options)) {
          Capture capture = new Capture();
          var generation = model.generator().generate(golden.request().build(), _ -> {}, capture);
          assertEquals(
              golden.newTokenIds(), generation.tokenIds(), golden + " in chunks of " + chunk);
          List<float[]> found = capture.rows("logits");
          if (logits != null) {
            for (int i = 0; i < found.size(); i++) {
              org.junit.jupiter.api.Assertions.assertArrayEquals(
                  logits.get(i),
                  found.get(i),
                  golden + ": bits of the logits of step " + i + ", chunk " + chunk);
            }
          }
          logits = found;
        }
      }
    }
  }
}
