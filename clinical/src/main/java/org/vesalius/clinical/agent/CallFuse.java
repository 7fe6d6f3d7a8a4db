package org.vesalius.clinical.agent;

import java.util.HashMap;
import java.util.Map;
import org.vesalius.runtime.answer.ToolCall;

/** Counts calls that are the same, tool and arguments. */
final class CallFuse {
  private final Map<String, Integer> counts = new HashMap<>();
  private final int most;

  CallFuse(int most) {
    this.most = most;
  }

  /** Counts a call; how often it has come, this time included. */
  int count(ToolCall call) {
    String what = call.isMalformed() ? call.raw() : call.name() + '\n' + call.argumentsJson();
    return counts.merge(what, 1, Integer::sum);
  }

  /** Whether a call that has come so often ends the run. */
  boolean isBlown(int count) {
    return count > most;
  }
}
