package org.vesalius.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.generate.EncodedPrompt;
import org.vesalius.runtime.generate.Generator;
import org.vesalius.runtime.layers.LayerObserver;

/**
 * Requests of random tokens that a model answers at the same time, none of which ends before it has
 * as many tokens as are wanted. Prompts are never the same again, so nothing of them is in the
 * cache.
 */
final class Decoding implements AutoCloseable {
  private static final int LARGEST_ID = 500;

  private final ChatModel model;
  private final Generator generator;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final SplittableRandom random = new SplittableRandom(1);
  private final List<Future<Generation>> running = new ArrayList<>();

  Decoding(ChatModel model) {
    this.model = model;
    // Nothing ends an answer but its length.
    generator = model.generator().withoutEndTokens();
  }

  /** Tokens for a prompt. */
  int[] randomTokens(int count) {
    return random.ints(count, 0, LARGEST_ID).toArray();
  }

  /** Asks; the answer is among those of {@link #finish}. */
  void start(int[] prompt, int tokens, UnaryOperator<ChatRequest.Builder> how) {
    EncodedPrompt encoded = EncodedPrompt.ofTokens(prompt, model.parts().positions());
    ChatRequest request =
        how.apply(ChatRequest.builder().user("").repetitionFuse(false).maxTokens(tokens)).build();
    running.add(
        threads.submit(() ->
            generator.generate(
                request, encoded, System.nanoTime(), GenerationListener.NONE, LayerObserver.NONE)));
  }

  /** Waits for all that were started, and gives their answers in that order. */
  List<Generation> finish() throws InterruptedException {
    List<Generation> generations = new ArrayList<>();
    for (Future<Generation> future : running) {
      try {
        generations.add(future.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException("a request failed", e.getCause());
      }
    }
    running.clear();
    return generations;
  }

  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
