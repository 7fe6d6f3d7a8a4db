package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.List;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Repeat;
import org.vesalius.runtime.structured.Expression.Rule;

/**
 * Mistral's calls: {@code [TOOL_CALLS]name[ARGS]{…}} for each where the vocabulary has the mark
 * {@code [ARGS]}, otherwise one list of objects behind one mark.
 */
record MistralCalls(FreeText text, List<String> thoughts, TokenVocabulary vocabulary)
    implements CallGrammar {
  private static final String OPEN = "[TOOL_CALLS]";
  private static final String ARGS = "[ARGS]";
  private static final JsonGrammar JSON = new JsonGrammar(List.of());

  @Override
  public List<String> openings() {
    return List.of(OPEN);
  }

  private boolean namesFirst(List<ToolDefinition> tools) {
    return vocabulary.mark(ARGS).isPresent()
        && tools.stream().allMatch(tool -> tool.name().matches("[\\w.-]{1,200}"));
  }

  @Override
  public Expression one(ToolDefinition tool) {
    return namesFirst(List.of(tool)) ? named(tool) : list(List.of(tool), 1);
  }

  private Expression named(ToolDefinition tool) {
    return Expression.sequence(
        text.mark(OPEN), Expression.text(tool.name()), text.mark(ARGS), tool.arguments(List.of()));
  }

  private Expression list(List<ToolDefinition> tools, int max) {
    Rule rule = new Rule("call");
    rule.define(
        new Expression.Choice(
            tools.stream().map(tool -> CallGrammar.object(tool, "arguments")).toList()));
    return Expression.sequence(text.mark(OPEN), JSON.array(List.of(), new Reference(rule), 1, max));
  }

  @Override
  public Expression only(List<ToolDefinition> tools) {
    return namesFirst(tools)
        ? new Repeat(block(tools), 1, Expression.UNLIMITED)
        : list(tools, Expression.UNLIMITED);
  }

  private Expression block(List<ToolDefinition> tools) {
    Rule rule = new Rule("block");
    rule.define(
        namesFirst(tools)
            ? new Expression.Choice(tools.stream().map(this::named).toList())
            : list(tools, Expression.UNLIMITED));
    return new Reference(rule);
  }

  @Override
  public Expression mixed(List<ToolDefinition> tools) {
    List<String> marks = new ArrayList<>(thoughts);
    marks.add(OPEN);
    Expression between = Expression.of(text.without(marks));
    return Expression.sequence(
        between, new Repeat(Expression.sequence(block(tools), between), 0, Expression.UNLIMITED));
  }

  @Override
  public Expression none() {
    return Expression.of(text.without(List.of(OPEN)));
  }
}
