package org.vesalius.runtime.observe;

/**
 * The part of a prompt that a step reads.
 *
 * @param request whose prompt it is
 * @param from index of its first token
 * @param to index after its last token
 * @param promptTokens length of the whole prompt; for a request that was preempted, with what it
 *     had written
 */
public record PromptChunk(ObservedRequest request, int from, int to, int promptTokens) {}
