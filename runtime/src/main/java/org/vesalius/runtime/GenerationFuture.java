package org.vesalius.runtime;

import java.util.concurrent.CompletableFuture;

/** An answer to come. Cancelling it ends the request, which frees its memory within a step. */
final class GenerationFuture extends CompletableFuture<Generation> {
  private final Thread thread;

  private GenerationFuture(ChatModel model, ChatRequest request, GenerationListener listener) {
    thread =
        Thread.ofVirtual()
            .name("vesalius-request")
            .unstarted(() -> {
              try {
                complete(model.generate(request, listener));
              } catch (RuntimeException | Error e) {
                completeExceptionally(e);
              }
            });
  }

  /** Starts a request. */
  static GenerationFuture start(ChatModel model, ChatRequest request, GenerationListener listener) {
    GenerationFuture future = new GenerationFuture(model, request, listener);
    future.thread.start();
    return future;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    thread.interrupt();
    return cancelled;
  }

  /** A future of this kind would start a thread; what depends on an answer is an ordinary one. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
