package org.vesalius.test;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;

/**
 * The demo model, unpacked once and opened as often as threads ask for it at the same time: each
 * use has an engine of its own, with what earlier uses have left in its caches.
 */
final class OpenDemoModels implements AutoCloseable {
  private final Map<OpenOptions, Deque<ChatModel>> idle = new HashMap<>();
  private Optional<DemoModel> unpacked = Optional.empty();

  /** Whoever uses it must have given all its requests back. */
  void use(OpenOptions options, Consumer<ChatModel> use) {
    ChatModel model = borrow(options);
    try {
      use.accept(model);
    } finally {
      giveBack(options, model);
    }
  }

  private synchronized ChatModel borrow(OpenOptions options) {
    if (unpacked.isEmpty()) {
      unpacked = Optional.of(DemoModel.unpack());
    }
    Deque<ChatModel> models = idle.getOrDefault(options, new ArrayDeque<>());
    return models.isEmpty()
        ? ChatModel.open(unpacked.orElseThrow().directory(), options)
        : models.pop();
  }

  private synchronized void giveBack(OpenOptions options, ChatModel model) {
    idle.computeIfAbsent(options, _ -> new ArrayDeque<>()).push(model);
  }

  @Override
  public synchronized void close() {
    idle.values().forEach(models -> models.forEach(ChatModel::close));
    idle.clear();
    unpacked.ifPresent(DemoModel::close);
  }
}
