package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.OpenOptions;

/** A generated token costs a bounded amount of garbage, however long the context already is. */
class AllocationTest {
  private static final int TOKENS = 900;

  @TestFactory
  Stream<DynamicTest> allocationPerTokenDoesNotGrow() {
    // The definition of attention in the reference backend keeps a list of scores, which is as long
    // as the context.
    return Fixtures.backends().stream()
        .filter(backend -> !backend.equals("reference"))
        .map(backend -> DynamicTest.dynamicTest(backend, () -> check(backend)));
  }

  private static void check(String backend) {
    Fixtures.requireBackend(backend);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("qwen2"),
            OpenOptions.defaults().withBackend(backend).withThreads(1))) {
      List<Long> allocated = new ArrayList<>(TOKENS);
      ChatRequest request = ChatRequest.builder().user("Count.").maxTokens(TOKENS).build();
      model.generate(
          request,
          event -> {
            if (event instanceof GenerationEvent.Token) {
              allocated.add(threads.getCurrentThreadAllocatedBytes());
            }
          });
      // The noise of this fixture never ends by itself; if it did there would be nothing to
      // compare.
      assertTrue(allocated.size() == TOKENS, "tokens: " + allocated.size());
      double early = perToken(allocated, 200, 300);
      double late = perToken(allocated, 800, 900);
      assertTrue(
          late <= 1.25 * early + 1024, "bytes per token: " + early + " early, " + late + " late");
    }
  }

  private static double perToken(List<Long> allocated, int from, int to) {
    return (allocated.get(to - 1) - allocated.get(from)) / (double) (to - 1 - from);
  }
}
