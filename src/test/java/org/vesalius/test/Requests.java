package org.vesalius.test;

import org.vesalius.runtime.ChatRequest;

/** Requests that differ in one thing. */
final class Requests {
  private Requests() {}

  /** The same, with nothing guessed. */
  static ChatRequest withoutGuesses(ChatRequest request) {
    return new ChatRequest(
        request.messages(),
        request.tools(),
        request.toolChoice(),
        request.templateVariables(),
        request.maxTokens(),
        request.stopStrings(),
        request.responseFormat(),
        request.reasoningTokens(),
        request.logprobs(),
        request.imageOptions(),
        request.sampling(),
        request.repetitionFuse(),
        0,
        request.scheduling(),
        request.cancellation());
  }
}
