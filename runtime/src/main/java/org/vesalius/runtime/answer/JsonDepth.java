package org.vesalius.runtime.answer;

/**
 * Follows JSON character by character, to know where a value ends without parsing it. A raw line
 * break, which no JSON string may have, ends a string, so that one forgotten quote does not swallow
 * the rest.
 */
final class JsonDepth {
  private int depth;
  private boolean inString;
  private boolean escaped;

  void accept(char c) {
    if (inString) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"' || c < ' ') {
        inString = false;
      }
    } else if (c == '"') {
      // Outside of brackets a quote is prose.
      inString = depth > 0;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }

  boolean inString() {
    return inString;
  }

  int depth() {
    return depth;
  }
}
