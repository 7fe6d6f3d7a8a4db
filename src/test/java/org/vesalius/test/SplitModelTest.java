package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MemoryDemand;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.MemoryNeed;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.SamplingOptions;
import org.vesalius.runtime.WeightFormat;
import org.vesalius.runtime.generate.EncodedPrompt;

/**
 * Models whose layers are split over devices: every activation is that of the whole model, to the
 * bit. On backends without devices two instances stand for two devices; on {@code cuda} there are
 * two, and a tensor that is used on the wrong one is an error.
 */
class SplitModelTest {
  /** Tied and not, with pictures, deep features, two position embeddings, experts. */
  private static final List<String> FAMILIES =
      List.of(
          "qwen2",
          "small_llama",
          "qwen2_5_vl",
          "small_qwen3_vl",
          "small_gemma3",
          "small_qwen3_moe");

  @TestFactory
  Stream<DynamicTest> activationsAreTheSame() {
    return Fixtures.tested().stream()
        .filter(backend -> !backend.equals("reference"))
        .flatMap(backend ->
            FAMILIES.stream()
                .map(family ->
                    DynamicTest.dynamicTest(
                        backend + " " + family, () -> compare(backend, family))));
  }

  private static void compare(String backend, String family) {
    Fixtures.requireBackend(backend);
    Path folder = Fixtures.fixture(family);
    GoldenCase golden =
        new GoldenSubject(family, folder, folder, "config.json")
            .read().stream()
                .filter(read -> read.inputIds().size() <= 256)
                .max((a, b) -> Integer.compare(a.inputIds().size(), b.inputIds().size()))
                .orElseThrow();
    EncodedPrompt prompt;
    try (ChatModel model = ChatModel.open(folder, Fixtures.options("reference", CacheFormat.F32))) {
      prompt = model.promptEncoder().encode(golden.request().build());
    }
    KernelOptions options = new KernelOptions(1);
    MemoryDemand demand = MemoryNeed.of(folder, OpenOptions.defaults()).demand();
    Kernels split =
        backend.equals("cuda")
            ? Backends.open(backend, options.withDevices(List.of(0, 1)).withMemory(() -> demand))
            : split(
                Backends.open(backend, options),
                Backends.open(backend, options),
                Math.max(1, demand.together()));
    assertNotSame(split, split.ofLayer(Integer.MAX_VALUE), "there is one device only");
    Capture expected = run(folder, Backends.open(backend, options), golden, prompt);
    Capture found = run(folder, split, golden, prompt);
    assertTrue(expected.names().contains("logits"), "no logits");
    assertEquals(expected.names(), found.names());
    for (String name : expected.names()) {
      assertArrayEquals(
          expected.rows(name).toArray(), found.rows(name).toArray(), family + ": " + name);
    }
  }

  private static Capture run(
      Path folder, Kernels kernels, GoldenCase golden, EncodedPrompt prompt) {
    int chunk = 48; // so that a prompt goes through in several
    return RoundingNoise.run(
        folder,
        kernels,
        WeightFormat.AS_STORED,
        CacheFormat.BF16,
        chunk,
        run -> GoldenActivations.forced(run, prompt, golden.newTokenIds().subList(0, 6)));
  }

  /** The layers before {@code cut} here, the others there. */
  private static Kernels split(Kernels first, Kernels last, int cut) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("ofLayer")) {
                return (int) arguments[0] < cut ? proxy : last;
              }
              if (method.getName().equals("close")) {
                last.close();
              }
              try {
                return method.invoke(first, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Requests in common steps, recorded and drawn, on two devices and on one. */
  @Test
  void requestsGetTheSameAnswers() {
    Assumptions.assumeTrue(Fixtures.only().equals("cuda"), "a backend with devices");
    Fixtures.requireBackend("cuda");
    OpenOptions one =
        Fixtures.options("cuda", CacheFormat.BF16)
            .withWeights(WeightFormat.INT8)
            .withContextTokens(256)
            .withDevice(0);
    List<List<Integer>> expected = answers(one, "cuda (Simulated device, ");
    assertEquals(
        expected,
        answers(one.withDevices(List.of(1, 0)), "; device 1: layer 0, device 0: layer 1)"));
  }

  private static List<List<Integer>> answers(OpenOptions options, String backend) {
    try (ChatModel model = ChatModel.open(Fixtures.fixture("qwen2"), options)) {
      assertTrue(model.backend().contains(backend), model.backend());
      List<CompletableFuture<Generation>> running = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        ChatRequest.Builder request =
            ChatRequest.builder().user(Part.text("Finding " + i)).maxTokens(12 + i);
        running.add(
            model.generateAsync(
                (i == 0
                        ? request
                        : request.sampling(
                            SamplingOptions.greedy()
                                .withTemperature(1)
                                .withRepetitionPenalty(1.1)
                                .withSeed(7)))
                    .build()));
      }
      return running.stream().map(answer -> answer.join().tokenIds()).toList();
    }
  }
}
