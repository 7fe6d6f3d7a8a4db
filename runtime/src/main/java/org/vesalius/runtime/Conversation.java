package org.vesalius.runtime;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as a file or a client describes it.
 *
 * @param messages in order
 * @param tools tool definitions, as parsed JSON
 * @param templateVariables what the chat template may read besides
 */
public record Conversation(
    List<ChatMessage> messages,
    List<Map<String, Object>> tools,
    Map<String, @Nullable Object> templateVariables) {}
