package org.vesalius.runtime.structured;

import java.util.Collection;
import java.util.Map;
import org.vesalius.runtime.ResponseFormat;

/** The expressions of response formats. */
final class FormatGrammar {
  private FormatGrammar() {}

  /**
   * The expression of a format.
   *
   * @param forbidden what no string in JSON may contain
   */
  static Expression of(ResponseFormat format, Collection<String> forbidden) {
    return switch (format) {
      case ResponseFormat.Text() -> Expression.of(JsonStrings.without(forbidden));
      case ResponseFormat.JsonObject() -> new JsonGrammar(forbidden).object();
      case ResponseFormat.JsonSchema(Map<String, Object> schema) ->
          new SchemaGrammar(schema, new JsonGrammar(forbidden)).root();
      case ResponseFormat.Regex(String pattern) ->
          Expression.of(RegexParser.whole(pattern, RegexParser.Dialect.JAVA, "regular expression"));
      case ResponseFormat.Grammar(String grammar) -> GrammarParser.parse(grammar);
    };
  }
}
