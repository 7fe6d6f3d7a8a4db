package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * How a model is lent to LangChain4j.
 *
 * @param modelName what the model is called in requests, responses and listeners; empty for the
 *     family's name. A request for another name is refused
 * @param defaultRequestParameters what holds where a request says nothing, see {@link
 *     VesaliusChatRequestParameters}
 * @param listeners told of each request, response and error
 * @param executor runs requests that do not run on the caller's thread: one task for each streaming
 *     or asynchronous request, for as long as it takes
 */
public record AdapterOptions(
    Optional<String> modelName,
    ChatRequestParameters defaultRequestParameters,
    List<ChatModelListener> listeners,
    Executor executor) {

  /** Copies the list. */
  public AdapterOptions {
    listeners = List.copyOf(listeners);
  }

  /** The family's name, no default parameters, no listeners, a virtual thread for each request. */
  public static AdapterOptions defaults() {
    return new AdapterOptions(
        Optional.empty(),
        DefaultChatRequestParameters.EMPTY,
        List.of(),
        task -> Thread.ofVirtual().name("vesalius-langchain4j").start(task));
  }

  /** With another name of the model. */
  public AdapterOptions withModelName(String name) {
    return new AdapterOptions(Optional.of(name), defaultRequestParameters, listeners, executor);
  }

  /** With what holds where a request says nothing. */
  public AdapterOptions withDefaultRequestParameters(ChatRequestParameters parameters) {
    return new AdapterOptions(modelName, parameters, listeners, executor);
  }

  /** With other listeners. */
  public AdapterOptions withListeners(List<ChatModelListener> all) {
    return new AdapterOptions(modelName, defaultRequestParameters, all, executor);
  }

  /** With other threads for streaming and asynchronous requests. */
  public AdapterOptions withExecutor(Executor threads) {
    return new AdapterOptions(modelName, defaultRequestParameters, listeners, threads);
  }
}
