package org.vesalius.runtime.prompt.jinja;

/**
 * A lexical unit.
 *
 * @param text the name, operator, decoded string, number as written, or text to copy
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    REAL,
    OPERATOR,
    END
  }

  boolean is(Kind other, String value) {
    return kind == other && text.equals(value);
  }

  /** For messages. */
  String describe() {
    return switch (kind) {
      case END -> "end of template";
      case PRINT_END -> "end of print statement";
      case TAG_END -> "end of statement block";
      case DATA -> "template text";
      case STRING -> "string";
      default -> text;
    };
  }
}
