package org.vesalius.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.vesalius.runtime.answer.ToolCall;

/**
 * The proper tool calls of one answer, with ids that the events of a stream and the complete
 * response share. Calls are told in order; not thread-safe.
 */
final class ToolRequests {
  private static final String ID_CHARACTERS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  /** What Mistral's templates insist on. */
  private static final int ID_LENGTH = 9;

  private final List<ToolExecutionRequest> requests = new ArrayList<>();

  /** Takes the next proper call. */
  ToolExecutionRequest add(ToolCall call) {
    ToolExecutionRequest request =
        ToolExecutionRequest.builder()
            .id(call.id().orElseGet(ToolRequests::newId))
            .name(call.name())
            .arguments(call.argumentsJson())
            .build();
    requests.add(request);
    return request;
  }

  /** How many there are. */
  int size() {
    return requests.size();
  }

  /** All calls of the complete answer; those that were taken before keep their ids. */
  List<ToolExecutionRequest> of(List<ToolCall> calls) {
    List<ToolCall> proper = calls.stream().filter(call -> !call.isMalformed()).toList();
    proper.stream().skip(requests.size()).forEach(this::add);
    return List.copyOf(requests);
  }

  private static String newId() {
    StringBuilder id = new StringBuilder();
    while (id.length() < ID_LENGTH) {
      id.append(ID_CHARACTERS.charAt(ThreadLocalRandom.current().nextInt(ID_CHARACTERS.length())));
    }
    return id.toString();
  }
}
