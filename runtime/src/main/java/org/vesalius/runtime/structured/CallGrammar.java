package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.structured.Expression.Choice;

/** Calls of tools as a family of models writes them. */
interface CallGrammar {

  /** What in a text would be taken for the beginning of a call. */
  List<String> openings();

  /** One call of one tool, and nothing else. */
  Expression one(ToolDefinition tool);

  /** Calls, one at least, and nothing else. */
  Expression only(List<ToolDefinition> tools);

  /** Text with calls where the model wants them. */
  Expression mixed(List<ToolDefinition> tools);

  /** Text that holds no call. */
  Expression none();

  /** A call as a JSON object with a name and arguments. */
  static Expression object(ToolDefinition tool, String argumentsKey) {
    List<JsonGrammar.Member> members = new ArrayList<>();
    members.add(
        new JsonGrammar.Member("name", Expression.text(JsonStrings.literal(tool.name())), true));
    members.add(new JsonGrammar.Member(argumentsKey, tool.arguments(List.of()), true));
    return new JsonGrammar(List.of()).object(members, List.of(), 0, Expression.UNLIMITED);
  }

  /** One call of any of some tools. */
  default Expression any(List<ToolDefinition> tools) {
    return new Choice(tools.stream().map(this::one).toList());
  }
}
