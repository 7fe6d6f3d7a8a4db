package org.vesalius.runtime;

import java.util.Map;

/**
 * What an answer has to look like. The model can write nothing else: at each step only tokens
 * remain that the format allows. Reasoning comes before the answer and is free.
 */
public sealed interface ResponseFormat {

  /** Anything. */
  record Text() implements ResponseFormat {}

  /** An object in JSON, whatever is in it. */
  record JsonObject() implements ResponseFormat {}

  /**
   * JSON that a schema allows.
   *
   * @param schema JSON Schema, draft 2020-12, as parsed JSON; which keywords are known is in {@code
   *     docs/structured-output.md}, and others are refused by name
   */
  record JsonSchema(Map<String, Object> schema) implements ResponseFormat {}

  /** A text that a regular expression matches as a whole. */
  record Regex(String pattern) implements ResponseFormat {}

  /** A text of a context-free grammar, whose notation is in {@code docs/structured-output.md}. */
  record Grammar(String grammar) implements ResponseFormat {}

  /** Anything. */
  static ResponseFormat text() {
    return new Text();
  }

  /** An object in JSON. */
  static ResponseFormat jsonObject() {
    return new JsonObject();
  }

  /** JSON that a schema allows. */
  static ResponseFormat jsonSchema(Map<String, Object> schema) {
    return new JsonSchema(schema);
  }

  /** What a regular expression matches. */
  static ResponseFormat regex(String pattern) {
    return new Regex(pattern);
  }

  /** A text of a grammar. */
  static ResponseFormat grammar(String grammar) {
    return new Grammar(grammar);
  }
}
