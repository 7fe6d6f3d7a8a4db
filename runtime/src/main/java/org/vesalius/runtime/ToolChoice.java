package org.vesalius.runtime;

/** Whether a model that was offered tools calls one. */
public sealed interface ToolChoice {

  /** As it likes. */
  record Auto() implements ToolChoice {}

  /** It calls none, though the prompt describes them. */
  record None() implements ToolChoice {}

  /** It calls one at least, and writes nothing else. */
  record Required() implements ToolChoice {}

  /** It calls this one. */
  record Named(String tool) implements ToolChoice {}

  /** As it likes. */
  static ToolChoice auto() {
    return new Auto();
  }

  /** None. */
  static ToolChoice none() {
    return new None();
  }

  /** One at least. */
  static ToolChoice required() {
    return new Required();
  }

  /** This one. */
  static ToolChoice named(String tool) {
    return new Named(tool);
  }
}
