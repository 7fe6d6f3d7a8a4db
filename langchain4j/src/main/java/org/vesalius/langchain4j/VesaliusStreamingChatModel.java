package org.vesalius.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.RejectedExecutionException;

/**
 * An open Vesalius model as a {@link StreamingChatModel} of LangChain4j. The model is borrowed:
 * whoever opened it closes it, after the last request. Thread-safe.
 *
 * <p>A request runs on a thread of {@link AdapterOptions#executor}, from which all callbacks come,
 * in order; a slow callback holds up its own request only. Errors, a refused request included, come
 * to {@code onError}. What LangChain4j has no callback for comes to {@code onUnmappedRawEvent} as a
 * {@link org.vesalius.runtime.GenerationEvent}: progress, and tool calls that are malformed.
 */
public final class VesaliusStreamingChatModel implements StreamingChatModel {
  private final Adapter adapter;

  /** Lends a model with {@link AdapterOptions#defaults}. */
  public VesaliusStreamingChatModel(org.vesalius.runtime.ChatModel model) {
    this(model, AdapterOptions.defaults());
  }

  /** Lends a model. */
  public VesaliusStreamingChatModel(org.vesalius.runtime.ChatModel model, AdapterOptions options) {
    this(Adapter.of(model, options));
  }

  VesaliusStreamingChatModel(Adapter adapter) {
    this.adapter = adapter;
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    HandlerStream stream = new HandlerStream(adapter, request, handler);
    try {
      adapter.options().executor().execute(stream);
    } catch (RejectedExecutionException e) {
      stream.fail(Failures.of(e));
    }
  }

  /**
   * The events of an answer, which starts when someone subscribes. The model waits where the
   * subscriber asks for no more; cancelling the subscription ends the request.
   */
  @Override
  public Publisher<ChatModelStreamingEvent> doChat(ChatRequest request) {
    return subscriber -> new SubscriberStream(adapter, request, subscriber).start();
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
