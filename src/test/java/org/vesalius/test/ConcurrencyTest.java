package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;

/** One model, many threads; and the answer does not depend on how the prompt is cut. */
class ConcurrencyTest {
  /** For all but the fastest backend: experts, images in both directions, frequencies by length. */
  private static final Set<String> DIFFERENT =
      Set.of("small_qwen3_vl_moe", "small_gemma3", "small_llama_dynamic");

  @TempDir static Path scratch;

  /** In every format of the cache; {@link SchedulerTest} mixes families and backends. */
  @TestFactory
  Stream<DynamicTest> concurrentGenerationsEqualSequentialOnes() {
    return Stream.of(CacheFormat.values())
        .map(format ->
            DynamicTest.dynamicTest(
                "native qwen2_5_vl " + format, () -> concurrent("native", "qwen2_5_vl", format)));
  }

  private static void concurrent(String backend, String family, CacheFormat format)
      throws Exception {
    Fixtures.requireBackend(backend);
    List<GoldenCase> cases = Fixtures.cases(family);
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture(family),
            OpenOptions.defaults()
                .withBackend(backend)
                .withPrefillChunk(16)
                .withCacheFormat(format))) {
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

  /** Also not where an image's tokens see each other, or frequencies depend on the length. */
  @Execution(ExecutionMode.CONCURRENT)
  @TestFactory
  Stream<DynamicTest> theChunkSizeChangesNothing() {
    return Fixtures.backends().stream()
        .flatMap(backend ->
            Fixtures.ownSubjects().stream()
                .filter(subject -> backend.equals("native") || DIFFERENT.contains(subject.name()))
                .flatMap(subject ->
                    Stream.of(CacheFormat.values())
                        .filter(format ->
                            format == CacheFormat.F32 || DIFFERENT.contains(subject.name()))
                        .map(format ->
                            DynamicTest.dynamicTest(
                                backend + " " + subject.name() + " " + format,
                                () -> chunks(backend, subject, format)))));
  }

  private static void chunks(String backend, GoldenSubject subject, CacheFormat format) {
    Fixtures.requireBackend(backend);
    for (GoldenCase golden : subject.read()) {
      // Transformers' tokens where nothing is rounded; else those of the first chunk size.
      List<Integer> tokens = format == CacheFormat.F32 ? golden.newTokenIds() : null;
      List<float[]> logits = null;
      for (int chunk : new int[] {1, 7, 1024}) {
        OpenOptions options = Fixtures.options(backend, format).withPrefillChunk(chunk);
        try (ChatModel model = ChatModel.open(subject.open(scratch), options)) {
          Capture capture = new Capture();
          var generation = model.generator().generate(golden.request().build(), _ -> {}, capture);
          if (tokens != null) {
            assertEquals(tokens, generation.tokenIds(), golden + " in chunks of " + chunk);
          }
          tokens = generation.tokenIds();
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
