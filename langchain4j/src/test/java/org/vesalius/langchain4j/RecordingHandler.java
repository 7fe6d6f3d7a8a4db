package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes down what is called, and on which threads. */
class RecordingHandler implements StreamingChatResponseHandler {
  private static final long PATIENCE_SECONDS = 60;

  final List<String> calls = new ArrayList<>();
  final Set<Thread> threads = new HashSet<>();
  final CountDownLatch ended = new CountDownLatch(1);
  volatile @Nullable ChatResponse response;
  volatile @Nullable Throwable error;

  /** Called after each callback was written down; may throw. */
  void after(String call, @Nullable StreamingHandle handle) {}

  private synchronized void note(String call, @Nullable StreamingHandle handle) {
    calls.add(call);
    threads.add(Thread.currentThread());
    after(call, handle);
  }

  @Override
  public void onPartialResponse(PartialResponse text, PartialResponseContext context) {
    note("text " + text.text(), context.streamingHandle());
  }

  @Override
  public void onPartialThinking(PartialThinking text, PartialThinkingContext context) {
    note("thinking " + text.text(), context.streamingHandle());
  }

  @Override
  public void onCompleteToolCall(CompleteToolCall call) {
    note("call " + call.index() + " " + call.toolExecutionRequest().name(), null);
  }

  @Override
  public void onUnmappedRawEvent(Object event) {
    note("raw " + event.getClass().getSimpleName(), null);
  }

  @Override
  public void onCompleteResponse(ChatResponse complete) {
    response = complete;
    try {
      note("complete", null);
    } finally {
      ended.countDown();
    }
  }

  @Override
  public void onError(Throwable failure) {
    error = failure;
    try {
      note("error " + failure.getMessage(), null);
    } finally {
      ended.countDown();
    }
  }

  /** Waits for the end. */
  RecordingHandler await() throws InterruptedException {
    if (!ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("no end after " + PATIENCE_SECONDS + " s: " + calls);
    }
    return this;
  }

  /** What came to {@code onCompleteResponse}. */
  ChatResponse response() {
    return Objects.requireNonNull(response, "no complete response");
  }

  synchronized List<String> calls() {
    return List.copyOf(calls);
  }
}
