package org.vesalius.runtime.prompt.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.prompt.jinja.Statement.MacroDefinition;
import org.vesalius.runtime.prompt.jinja.Statement.Target;

/** Parses a template into statements; every tag is one method. */
final class Parser {
  private static final Set<String> OTHER_TEMPLATES =
      Set.of("include", "import", "from", "extends", "block");
  private static final Set<String> RESERVED =
      Set.of("true", "false", "none", "True", "False", "None");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final OperandParser operands;
  private int depth;
  private int loops;

  private Parser(String source, String name) {
    this.tokens = new TokenStream(Lexer.tokens(source, name), name);
    this.expressions = new ExpressionParser(tokens);
    this.operands = expressions.operands();
  }

  static List<Statement> parse(String source, String name) {
    Parser parser = new Parser(source, name);
    try {
      List<Statement> body = parser.statements();
      if (!parser.tokens.isKind(Token.Kind.END)) {
        throw parser.unexpectedTag();
      }
      parser.operands.reportUnknown();
      return body;
    } catch (Problem problem) {
      throw parser.tokens.error(problem.text());
    }
  }

  /** Statements up to the end or to a tag that only an enclosing tag can know. */
  private List<Statement> statements(String... endTags) {
    if (++depth > ExpressionParser.MAX_DEPTH) {
      throw tokens.error("tags nested more than " + ExpressionParser.MAX_DEPTH + " levels deep");
    }
    List<Statement> body = new ArrayList<>();
    while (true) {
      switch (tokens.peek().kind()) {
        case DATA -> body.add(new Statement.Data(Text.of(tokens.next().text())));
        case PRINT_BEGIN -> {
          int line = tokens.next().line();
          body.add(new Statement.Print(expressions.tupleOrExpression(true, null), line));
          tokens.expect(Token.Kind.PRINT_END, "'}}'");
        }
        case TAG_BEGIN -> {
          Token name = tokens.peekNext();
          if (name.kind() == Token.Kind.NAME && List.of(endTags).contains(name.text())) {
            depth--;
            tokens.next();
            return body;
          }
          tokens.next();
          Statement statement = statement();
          if (statement != null) {
            body.add(statement);
          }
          tokens.expect(Token.Kind.TAG_END, "'%}'");
        }
        default -> {
          if (endTags.length > 0 || !tokens.isKind(Token.Kind.END)) {
            throw unexpectedTag(endTags);
          }
          depth--;
          return body;
        }
      }
    }
  }

  /** The body of a tag: what follows its {@code %}}, up to and including one end tag's name. */
  private List<Statement> body(String... endTags) {
    tokens.skipOperator(":");
    tokens.expect(Token.Kind.TAG_END, "'%}'");
    return statements(endTags);
  }

  /** A body that ends here, with its own variables. */
  private List<Statement> closedBody(String endTag) {
    List<Statement> body = body(endTag);
    tokens.expectName(endTag);
    return body;
  }

  private TemplateException unexpectedTag(String... expected) {
    return tokens.error(
        "unexpected '%s'%s"
            .formatted(
                tokens.peek().describe(),
                expected.length == 0
                    ? ""
                    : "; expected one of the tags " + String.join(", ", expected)));
  }

  private @Nullable Statement statement() {
    Token name = tokens.expect(Token.Kind.NAME, "the name of a tag");
    int line = name.line();
    return switch (name.text()) {
      case "if" -> ifTag();
      case "for" -> forTag(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "filter" -> {
        Expression.Filter filter = operands.moreFilters(operands.filter(null));
        yield new Statement.FilterBlock(filter, closedBody("endfilter"), line);
      }
      case "with" -> with(line);
      case "generation" -> {
        int outer = loops;
        loops = 0;
        List<Statement> body = closedBody("endgeneration");
        loops = outer;
        yield new Statement.Generation(body);
      }
      case "break" -> {
        requireLoop("break");
        yield new Statement.Break();
      }
      case "continue" -> {
        requireLoop("continue");
        yield new Statement.Continue();
      }
      case "print" -> print(line);
      default -> {
        if (OTHER_TEMPLATES.contains(name.text())) {
          throw tokens.error(
              "the tag '%s' needs other templates, which a chat template does not have"
                  .formatted(name.text()),
              line);
        }
        throw tokens.error("unknown tag '" + name.text() + "'", line);
      }
    };
  }

  private void requireLoop(String tag) {
    if (loops == 0) {
      throw tokens.error("'" + tag + "' outside a loop");
    }
  }

  private Statement ifTag() {
    int unknown = operands.unknownCount();
    List<Statement.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    while (true) {
      int line = tokens.line();
      Expression condition = expressions.tupleOrExpression(false, null);
      branches.add(new Statement.Branch(condition, body("elif", "else", "endif"), line));
      if (tokens.skipName("elif")) {
        continue;
      }
      if (tokens.skipName("else")) {
        otherwise = body("endif");
      }
      tokens.expectName("endif");
      operands.forgiveUnknown(unknown);
      return new Statement.If(branches, otherwise);
    }
  }

  private Statement forTag(int line) {
    Target target = target("in");
    tokens.expectName("in");
    Expression items = expressions.tupleOrExpression(false, "recursive");
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Statement> body = body("endfor", "else");
    loops--;
    List<Statement> otherwise = tokens.skipName("else") ? body("endfor") : List.of();
    tokens.expectName("endfor");
    return new Statement.For(target, items, condition, recursive, body, otherwise, line);
  }

  private Statement set(int line) {
    Target target = target(null);
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(target, expressions.tupleOrExpression(true, null), line);
    }
    Expression.Filter filter =
        tokens.skipOperator("|") ? operands.moreFilters(operands.filter(null)) : null;
    return new Statement.AssignBlock(target, filter, closedBody("endset"), line);
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.isKind(Token.Kind.TAG_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(null));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(targets, values, closedBody("endwith"), line);
  }

  private Statement print(int line) {
    List<Expression> parts = new ArrayList<>();
    while (!tokens.isKind(Token.Kind.TAG_END)) {
      if (!parts.isEmpty()) {
        tokens.expectOperator(",");
      }
      parts.add(expressions.expression());
    }
    return new Statement.Print(new Expression.Concat(parts), line);
  }

  private Statement macro(int line) {
    String name = name();
    return new Statement.MacroTag(definition(name, "endmacro"), line);
  }

  private Statement call(int line) {
    Set<String> outer = operands.startNames();
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    if (tokens.isOperator("(")) {
      signature(parameters, defaults);
    }
    Expression call = expressions.expression();
    if (!(call instanceof Expression.Call target)) {
      throw tokens.error("expected a call", line);
    }
    MacroDefinition caller = finish("caller", parameters, defaults, "endcall", outer);
    return new Statement.CallBlock(target, caller, line);
  }

  private MacroDefinition definition(String name, String endTag) {
    Set<String> outer = operands.startNames();
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    signature(parameters, defaults);
    return finish(name, parameters, defaults, endTag, outer);
  }

  private MacroDefinition finish(
      String name,
      List<String> parameters,
      List<Expression> defaults,
      String endTag,
      Set<String> outerNames) {
    int outer = loops;
    loops = 0;
    List<Statement> body = closedBody(endTag);
    loops = outer;
    Set<String> names = operands.endNames(outerNames);
    return new MacroDefinition(
        name,
        parameters,
        defaults,
        body,
        names.contains("caller"),
        names.contains("kwargs"),
        names.contains("varargs"));
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    tokens.expectOperator("(");
    while (!tokens.isOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      parameters.add(name());
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.error("a parameter without default follows one with a default");
      }
    }
    tokens.next();
  }

  /** What is assigned to, up to {@code =}, {@code in} or the end of the tag. */
  private Target target(@Nullable String endName) {
    List<Target> targets = new ArrayList<>();
    boolean commas = false;
    while (!tokens.isKind(Token.Kind.TAG_END)
        && !tokens.isOperator(")")
        && !(endName != null && tokens.isName(endName))) {
      targets.add(singleTarget(endName));
      if (!tokens.skipOperator(",")) {
        break;
      }
      commas = true;
    }
    if (targets.isEmpty()) {
      throw tokens.error("expected a name to assign to, found '" + tokens.peek().describe() + "'");
    }
    return commas ? new Target.Unpacked(targets) : targets.getFirst();
  }

  private Target singleTarget(@Nullable String endName) {
    if (tokens.skipOperator("(")) {
      if (++depth > ExpressionParser.MAX_DEPTH) {
        throw tokens.error("names nested too deep");
      }
      Target inner = target(endName);
      depth--;
      tokens.expectOperator(")");
      return inner;
    }
    String name = name();
    // Loops assign plain names only, as in the reference.
    if (endName == null && tokens.skipOperator(".")) {
      return new Target.Attribute(name, tokens.expect(Token.Kind.NAME, "a name").text());
    }
    return new Target.Variable(name);
  }

  private String name() {
    Token token = tokens.expect(Token.Kind.NAME, "a name");
    if (RESERVED.contains(token.text())) {
      throw tokens.error("cannot assign to '" + token.text() + "'", token.line());
    }
    return token.text();
  }
}
