package org.vesalius.runtime.prompt.jinja;

import java.time.Clock;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.Statement.Target;

/** Runs the statements of one rendering. */
final class Interpreter {
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Budget budget = new Budget();
  private final Evaluator evaluator;
  private int line;

  Interpreter(Clock clock) {
    this.evaluator = new Evaluator(budget, clock);
  }

  Text render(List<Statement> template, Map<String, Object> variables) {
    TextBuilder out = new TextBuilder();
    run(template, new Scope(variables), out);
    return out.toText();
  }

  /** The line being run, for error messages. */
  int line() {
    return line;
  }

  /** Renders a body to text of its own, as calls of macros do. */
  Text renderApart(List<Statement> body, Scope scope) {
    int outer = line;
    TextBuilder out = new TextBuilder();
    budget.enter();
    run(body, scope, out);
    budget.leave();
    line = outer;
    return out.toText();
  }

  private Flow run(List<Statement> body, Scope scope, TextBuilder out) {
    for (Statement statement : body) {
      Flow flow = run(statement, scope, out);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Statement statement, Scope scope, TextBuilder out) {
    switch (statement) {
      case Statement.Data data -> {
        budget.makes(data.text());
        out.append(data.text());
      }
      case Statement.Print print -> {
        line = print.line();
        Text text = Printer.str(evaluator.evaluate(print.value(), scope));
        budget.makes(text);
        out.append(text);
      }
      case Statement.If choice -> {
        return ifTag(choice, scope, out);
      }
      case Statement.For loop -> {
        line = loop.line();
        return forTag(loop, evaluator.evaluate(loop.items(), scope), scope, out, 0);
      }
      case Statement.Assign assign -> {
        line = assign.line();
        assign(assign.target(), evaluator.evaluate(assign.value(), scope), scope);
      }
      case Statement.AssignBlock block -> {
        Expression.Filter filter = block.filter();
        TextBuilder inner = new TextBuilder();
        Flow flow = run(block.body(), new Scope(scope), inner);
        line = block.line();
        Text text = inner.toText();
        Object value = filter == null ? text : evaluator.filterChain(filter, text, scope);
        assign(block.target(), value, scope);
        return flow;
      }
      case Statement.MacroTag macro ->
          scope.set(macro.definition().name(), new Macro(macro.definition(), scope, this));
      case Statement.CallBlock block -> {
        line = block.line();
        Macro caller = new Macro(block.caller(), scope, this);
        Object result = evaluator.call(block.call(), scope, Map.of("caller", caller));
        out.append(text(result));
      }
      case Statement.FilterBlock block -> {
        TextBuilder inner = new TextBuilder();
        Flow flow = run(block.body(), new Scope(scope), inner);
        line = block.line();
        out.append(text(evaluator.filterChain(block.filter(), inner.toText(), scope)));
        return flow;
      }
      case Statement.With with -> {
        line = with.line();
        Scope inner = new Scope(scope);
        for (int i = 0; i < with.targets().size(); i++) {
          // As in the reference, values do not see the names that the same tag introduces.
          assign(with.targets().get(i), evaluator.evaluate(with.values().get(i), scope), inner);
        }
        return run(with.body(), inner, out);
      }
      case Statement.Generation generation ->
          out.append(renderApart(generation.body(), new Scope(scope)));
      case Statement.Break _ -> {
        return Flow.BREAK;
      }
      case Statement.Continue _ -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.NEXT;
  }

  /** The result of a block, which the reference, too, does not convert to text. */
  private static Text text(Object result) {
    if (result instanceof Text text) {
      return text;
    }
    throw new Problem("expected the block to give a string, found " + Values.typeName(result));
  }

  private Flow ifTag(Statement.If choice, Scope scope, TextBuilder out) {
    for (Statement.Branch branch : choice.branches()) {
      line = branch.line();
      if (Values.truth(evaluator.evaluate(branch.condition(), scope))) {
        return run(branch.body(), scope, out);
      }
    }
    return run(choice.otherwise(), scope, out);
  }

  private Flow forTag(Statement.For tag, Object items, Scope scope, TextBuilder out, int depth0) {
    Expression condition = tag.condition();
    budget.reads(items);
    Iterator<Object> iterator = Values.iterate(items);
    int length = Values.length(items);
    if (condition != null) {
      iterator = filtered(iterator, tag.target(), condition, scope);
      length = -1;
    }
    LoopVariable.@Nullable Recursion recursion =
        tag.recursive()
            ? (more, depth) -> {
              TextBuilder inner = new TextBuilder();
              budget.enter();
              forTag(tag, more, scope, inner, depth);
              budget.leave();
              return inner.toText();
            }
            : null;
    LoopVariable loop = new LoopVariable(iterator, length, depth0, recursion);
    if (!loop.hasNext()) {
      return run(tag.otherwise(), new Scope(scope), out);
    }
    while (loop.hasNext()) {
      budget.enter();
      Scope inner = new Scope(scope);
      inner.set("loop", loop);
      line = tag.line();
      assign(tag.target(), loop.next(), inner);
      Flow flow = run(tag.body(), inner, out);
      budget.leave();
      if (flow == Flow.BREAK) {
        break;
      }
    }
    return Flow.NEXT;
  }

  /** The items for which the loop's own condition holds, tested one at a time as they are read. */
  private Iterator<Object> filtered(
      Iterator<Object> items, Target target, Expression condition, Scope scope) {
    return new Iterator<>() {
      private @Nullable Object next;

      @Override
      public boolean hasNext() {
        while (next == null && items.hasNext()) {
          Object item = items.next();
          Scope inner = new Scope(scope);
          assign(target, item, inner);
          if (Values.truth(evaluator.evaluate(condition, inner))) {
            next = item;
          }
        }
        return next != null;
      }

      @Override
      public Object next() {
        if (!hasNext() || next == null) {
          throw new NoSuchElementException();
        }
        Object item = next;
        next = null;
        return item;
      }
    };
  }

  private void assign(Target target, Object value, Scope scope) {
    switch (target) {
      case Target.Variable variable -> scope.set(variable.name(), value);
      case Target.Attribute attribute -> {
        Object owner = scope.find(attribute.namespace());
        if (!(owner instanceof Namespace namespace)) {
          throw new Problem("cannot assign attribute on non-namespace object");
        }
        namespace.set(attribute.name(), value);
      }
      case Target.Unpacked unpacked -> {
        List<Target> targets = unpacked.targets();
        Iterator<Object> items = Values.tryIterate(value);
        if (items == null) {
          throw new Problem("cannot unpack non-iterable " + Values.typeName(value) + " object");
        }
        for (int i = 0; i < targets.size(); i++) {
          if (!items.hasNext()) {
            throw new Problem(
                "not enough values to unpack (expected %d, got %d)".formatted(targets.size(), i));
          }
          assign(targets.get(i), items.next(), scope);
        }
        if (items.hasNext()) {
          throw new Problem("too many values to unpack (expected " + targets.size() + ")");
        }
      }
    }
  }
}
