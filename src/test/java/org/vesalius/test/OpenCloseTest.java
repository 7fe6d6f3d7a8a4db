package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.Pooling;

/** A model that is closed leaves no thread, no mapped file and no memory. In a JVM of its own. */
class OpenCloseTest {
  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final int TIMES = 20;

  @TempDir Path folder;

  @Test
  void closingTwentyTimesLeavesNothing() throws Exception {
    Assumptions.assumeTrue(Files.isReadable(MAPS), "what is mapped, in " + MAPS);
    Fixtures.requireBackend("native");
    Path model = Fixtures.copy("qwen2_5_vl", folder.resolve("model"));
    Path draft = Fixtures.copy("qwen2", folder.resolve("draft"));
    // The C library keeps some of what is freed, and Java compiles: a few rounds to settle.
    for (int i = 0; i < 8; i++) {
      use(model, draft, i);
    }
    Set<String> threads = threads();
    long before = resident();
    long most = 0;
    for (int i = 0; i < TIMES; i++) {
      most = Math.max(most, use(model, draft, i));
      assertEquals(0, mapped(), "mapped files of the model after closing");
    }
    long grown = resident() - before;
    assertEquals(threads, threads(), "threads");
    System.out.println("grown by " + grown + " KiB; one use holds " + (most - before) + " KiB");
    // Else a use that leaked all it had would not be noticed.
    assertTrue(most - before > 4 << 10, "one use holds " + (most - before) + " KiB");
    assertTrue(grown < 40 << 10, "grown by " + grown + " KiB in " + TIMES + " uses");
  }

  /**
   * Opens, answers, and closes: after the answer, after draining, or in the middle of an answer.
   *
   * @return resident memory before closing, in KiB
   */
  private long use(Path model, Path draft, int round) throws Exception {
    OpenOptions options =
        Fixtures.options("native", CacheFormat.BF16)
            .withThreads(2)
            .withDraft(draft)
            .withPrefillChunk(4096)
            .withCapacity(new Capacity(16, 16, 4096));
    ChatRequest.Builder request =
        ChatRequest.builder()
            .user(
                Part.image(Fixtures.fixture("qwen2_5_vl").resolve("images/square.png")),
                Part.text("Describe."))
            .repetitionFuse(false)
            .speculativeTokens(4);
    try (ChatModel opened = ChatModel.open(model, options)) {
      Generation unused = opened.generate(request.maxTokens(8).build());
      var unusedVector = opened.embed("Clear lungs.", Pooling.MEAN);
      assertTrue(mapped() > 0, "files are mapped while the model is open");
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Generation> cut =
          opened.generateAsync(
              request.maxTokens(2000).build(),
              event -> {
                if (event instanceof GenerationEvent.Token) {
                  begun.countDown();
                }
              });
      var unusedStage = cut.whenComplete((_, _) -> begun.countDown());
      begun.await();
      assertFalse(cut.isCompletedExceptionally(), "an answer in the middle of which it is closed");
      long resident = resident();
      if (round % 3 == 1) {
        boolean complete = opened.drain(Duration.ofMillis(1));
        assertTrue(!complete || cut.isDone());
      } else if (round % 3 == 2) {
        cut.cancel(true);
      }
      return resident;
    }
  }

  /** Threads of the library, by name. */
  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("vesalius"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** How often files below the temporary folder are mapped. */
  private long mapped() throws IOException {
    return Files.readAllLines(MAPS).stream().filter(l -> l.contains(folder.toString())).count();
  }

  /** Kibibytes, without what only waits for the collector. */
  private static long resident() throws IOException {
    System.gc();
    return ResidentMemory.kibibytes();
  }
}
