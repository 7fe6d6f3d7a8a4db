package org.vesalius.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.GenerationListener;

/**
 * An open Vesalius model as a {@link ChatModel} of LangChain4j. The model is borrowed: whoever
 * opened it closes it, after the last request. Thread-safe.
 *
 * <p>Requests run on the caller's thread. What goes wrong is one of LangChain4j's exceptions:
 * {@link dev.langchain4j.exception.UnsupportedFeatureException} names what Vesalius does not do,
 * {@link dev.langchain4j.exception.InvalidRequestException} what is wrong with a request, such as a
 * picture that cannot be read or a prompt beyond the context.
 */
public final class VesaliusChatModel implements ChatModel {
  private final Adapter adapter;

  /** Lends a model with {@link AdapterOptions#defaults}. */
  public VesaliusChatModel(org.vesalius.runtime.ChatModel model) {
    this(model, AdapterOptions.defaults());
  }

  /** Lends a model. */
  public VesaliusChatModel(org.vesalius.runtime.ChatModel model, AdapterOptions options) {
    this(Adapter.of(model, options));
  }

  VesaliusChatModel(Adapter adapter) {
    this.adapter = adapter;
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    return answer(request, new Cancellation());
  }

  private ChatResponse answer(ChatRequest request, Cancellation cancellation) {
    return adapter.answer(request, cancellation, GenerationListener.NONE, new ToolRequests());
  }

  /** Answers on a thread of the executor; cancelling the future ends the request. */
  @Override
  public CompletableFuture<ChatResponse> doChatAsync(ChatRequest request) {
    Cancellation cancellation = new Cancellation();
    CompletableFuture<ChatResponse> future = new CompletableFuture<>();
    var _ =
        future.whenComplete((_, _) -> {
          if (future.isCancelled()) {
            cancellation.cancel();
          }
        });
    adapter
        .options()
        .executor()
        .execute(() -> {
          if (cancellation.isCancelled()) {
            return;
          }
          try {
            future.complete(answer(request, cancellation));
          } catch (RuntimeException | Error e) {
            future.completeExceptionally(e);
          }
        });
    return future;
  }

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return adapter.options().defaultRequestParameters();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return adapter.options().listeners();
  }

  @Override
  public ModelProvider provider() {
    return ModelProvider.OTHER;
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }
}
