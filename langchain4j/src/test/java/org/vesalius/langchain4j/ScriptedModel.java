package org.vesalius.langchain4j;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.answer.ToolCall;

/** Answers as it was told, one step for each request, and remembers the requests. */
final class ScriptedModel implements Answering {
  private final Deque<Answering> steps = new ArrayDeque<>();
  private final List<ChatRequest> requests = new ArrayList<>();

  /** The next request gets this. */
  ScriptedModel then(Answering step) {
    steps.add(step);
    return this;
  }

  /** The next request gets this, without events. */
  ScriptedModel then(Generation generation) {
    return then((_, _) -> generation);
  }

  @Override
  public synchronized Generation generate(ChatRequest request, GenerationListener listener) {
    requests.add(request);
    return steps.remove().generate(request, listener);
  }

  /** What was asked, in order. */
  List<ChatRequest> requests() {
    return List.copyOf(requests);
  }

  Adapter adapter() {
    return adapter(AdapterOptions.defaults());
  }

  Adapter adapter(AdapterOptions options) {
    return new Adapter(this, options.modelName().orElse("scripted"), options);
  }

  static Generation text(String text) {
    return generation(text, "", List.of(), FinishReason.STOP);
  }

  static Generation ended(String text, FinishReason reason) {
    return generation(text, "", List.of(), reason);
  }

  /** An answer to a prompt of 10 tokens, 4 of them of images, in 3 tokens. */
  static Generation generation(
      String text, String reasoning, List<ToolCall> calls, FinishReason reason) {
    return new Generation(
        "0",
        text,
        reasoning,
        false,
        calls,
        List.of(),
        List.of(),
        List.of(1, 2, 3),
        List.of(),
        reason,
        new Generation.Usage(10, 4, 3, 0, DraftAcceptance.NONE),
        new Generation.Timings(1, 0, 2, 3, 4, 5),
        "scripted",
        0);
  }

  static ToolCall call(@Nullable String id, String name, Map<String, Object> arguments) {
    return new ToolCall(
        Optional.ofNullable(id), name, arguments, "<tool_call>…</tool_call>", Optional.empty());
  }

  static ToolCall malformed(String raw) {
    return new ToolCall(Optional.empty(), "", Map.of(), raw, Optional.of("not JSON"));
  }
}
