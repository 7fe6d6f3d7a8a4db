package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.RawStreamingEvent;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import org.vesalius.runtime.Cancellation;

/**
 * One answer on its way to a handler. All callbacks come from the thread that runs this, in order.
 * As LangChain4j wants it, an exception of a callback goes to {@code onError} and the stream goes
 * on, and after {@code cancel} no callback comes any more.
 */
final class HandlerStream implements Runnable {
  private static final System.Logger LOG = System.getLogger(HandlerStream.class.getName());

  private final Adapter adapter;
  private final ChatRequest request;
  private final StreamingChatResponseHandler handler;
  private final Cancellation cancellation = new Cancellation();
  private final StreamingHandle handle =
      new StreamingHandle() {
        @Override
        public void cancel() {
          cancellation.cancel();
        }

        @Override
        public boolean isCancelled() {
          return cancellation.isCancelled();
        }
      };

  HandlerStream(Adapter adapter, ChatRequest request, StreamingChatResponseHandler handler) {
    this.adapter = adapter;
    this.request = request;
    this.handler = handler;
  }

  @Override
  public void run() {
    ToolRequests calls = new ToolRequests();
    EventTranslation events = new EventTranslation(calls);
    ChatResponse response;
    try {
      response =
          adapter.answer(
              request, cancellation, event -> events.of(event).ifPresent(this::deliver), calls);
    } catch (RuntimeException e) {
      fail(e);
      return;
    } catch (Error e) {
      // The handler would wait for ever.
      fail(e);
      throw e;
    }
    call(() -> handler.onCompleteResponse(response));
  }

  private void deliver(ChatModelStreamingEvent event) {
    call(() -> {
      switch (event) {
        case PartialResponse text ->
            handler.onPartialResponse(text, new PartialResponseContext(handle));
        case PartialThinking text ->
            handler.onPartialThinking(text, new PartialThinkingContext(handle));
        case CompleteToolCall call -> handler.onCompleteToolCall(call);
        case RawStreamingEvent raw -> handler.onUnmappedRawEvent(raw.rawEvent());
        default -> throw new IllegalStateException("no callback for " + event);
      }
    });
  }

  private void call(Runnable callback) {
    if (cancellation.isCancelled()) {
      return;
    }
    try {
      callback.run();
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** Tells the handler, unless it wants to hear nothing more. */
  void fail(Throwable failure) {
    if (cancellation.isCancelled()) {
      return;
    }
    try {
      handler.onError(failure);
    } catch (RuntimeException e) {
      // Nobody is left to be told; what failed may be about a patient, so only its kind is named.
      LOG.log(System.Logger.Level.WARNING, "onError of a handler threw {0}", e.getClass());
    }
  }
}
