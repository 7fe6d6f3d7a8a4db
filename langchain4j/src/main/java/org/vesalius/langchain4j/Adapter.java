package org.vesalius.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;

/**
 * A borrowed model that takes LangChain4j's requests and gives its responses.
 *
 * @param model what answers; never closed here
 * @param modelName what it is called
 * @param options how it is lent
 */
record Adapter(Answering model, String modelName, AdapterOptions options) {

  static Adapter of(org.vesalius.runtime.ChatModel model, AdapterOptions options) {
    return new Adapter(model::generate, options.modelName().orElseGet(model::family), options);
  }

  /**
   * Answers on this thread.
   *
   * @throws dev.langchain4j.exception.LangChain4jException whatever goes wrong, unless the listener
   *     threw it
   */
  ChatResponse answer(
      ChatRequest request,
      Cancellation cancellation,
      GenerationListener listener,
      ToolRequests calls) {
    return Failures.translated(() -> {
      Generation generation =
          model.generate(RequestTranslation.of(request, modelName, cancellation), listener);
      String requestId = VesaliusChatRequestParameters.of(request.parameters()).own().requestId();
      return ResponseTranslation.of(generation, calls, modelName, requestId);
    });
  }
}
