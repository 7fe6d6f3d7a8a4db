package org.vesalius.runtime.observe;

import java.util.List;

/**
 * One pass through the decoder for all requests that take part.
 *
 * @param chunks parts of prompts that it reads
 * @param decoding requests that it computes next tokens for, one row or more of each
 * @param decodeRows rows of those, guessed tokens included
 */
public record EngineStep(List<PromptChunk> chunks, List<ObservedRequest> decoding, int decodeRows) {

  /** Tokens of prompts that it reads. */
  public int promptTokens() {
    int tokens = 0;
    for (PromptChunk chunk : chunks) {
      tokens += chunk.to() - chunk.from();
    }
    return tokens;
  }
}
