package org.vesalius.runtime;

import java.util.concurrent.CompletableFuture;

/**
 * An answer to come. Ending it otherwise, such as by cancelling or by a time-out, ends the request,
 * which frees its memory within a step.
 */
final class GenerationFuture extends CompletableFuture<Generation> {
  private final Thread thread;
  private volatile boolean over;

  private GenerationFuture(ChatModel model, ChatRequest request, GenerationListener listener) {
    thread =
        Thread.ofVirtual()
            .name("vesalius-request")
            .unstarted(() -> {
              try {
                Generation generation = model.generate(request, listener);
                over = true;
                complete(generation);
              } catch (RuntimeException | Error e) {
                over = true;
                completeExceptionally(e);
              }
            });
  }

  /** Starts a request. */
  static GenerationFuture start(ChatModel model, ChatRequest request, GenerationListener listener) {
    GenerationFuture future = new GenerationFuture(model, request, listener);
    CompletableFuture<Generation> unused =
        future.whenComplete((_, _) -> {
          if (!future.over) {
            future.thread.interrupt();
          }
        });
    future.thread.start();
    return future;
  }

  /** A future of this kind would start a thread; what depends on an answer is an ordinary one. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
