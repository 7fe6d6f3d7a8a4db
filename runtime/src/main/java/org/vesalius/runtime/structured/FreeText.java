package org.vesalius.runtime.structured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.structured.Expression.Choice;
import org.vesalius.runtime.structured.Expression.Reference;
import org.vesalius.runtime.structured.Expression.Rule;
import org.vesalius.runtime.structured.OutputConstraint.Reasoning;
import org.vesalius.runtime.structured.RegularExpression.Symbols;

/**
 * Text that a model writes as it likes, up to a mark. It may hold added tokens of any kind, which
 * other expressions never do.
 */
final class FreeText {
  private static final Expression BREAKS =
      Expression.of(RegexParser.whole("\n{0,2}", RegexParser.Dialect.ECMA, "line breaks"));

  private final TokenVocabulary vocabulary;

  FreeText(TokenVocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  Expression anything() {
    return Expression.of(any(List.of()));
  }

  private RegularExpression any(Collection<String> marks) {
    SymbolSet symbols = SymbolSet.CHARACTERS.or(vocabulary.addedSymbols());
    for (String mark : marks) {
      OptionalInt symbol = vocabulary.mark(mark);
      if (symbol.isPresent()) {
        symbols = symbols.minus(SymbolSet.of(symbol.getAsInt()));
      }
    }
    return RegularExpression.any(new Symbols(symbols));
  }

  /** Text in which no mark occurs, neither as a token nor spelled. */
  Dfa without(Collection<String> marks) {
    Dfa text = any(marks).toDfa();
    for (String mark : marks) {
      text = text.minus(containing(RegularExpression.text(mark)));
    }
    return text;
  }

  /** Text in which an expression matches somewhere. */
  Dfa containing(RegularExpression part) {
    return RegularExpression.sequence(any(List.of()), part, any(List.of())).toDfa();
  }

  /** Text that an expression matches the beginning of. */
  Dfa startingWith(RegularExpression part) {
    return RegularExpression.sequence(part, any(List.of())).toDfa();
  }

  /** A mark: as one token where the vocabulary has it, spelled otherwise. */
  Expression mark(String text) {
    OptionalInt symbol = vocabulary.mark(text);
    return symbol.isPresent()
        ? Expression.of(new Symbols(SymbolSet.of(symbol.getAsInt())))
        : Expression.text(text);
  }

  /** An answer with the reasoning before it. */
  Expression reasoned(List<ReasoningFormat> formats, Reasoning reasoning, Expression answer) {
    return switch (reasoning) {
      case Reasoning.None() -> answer;
      case Reasoning.Open(ReasoningFormat format) -> after(format, answer);
      case Reasoning.Possible() -> {
        Rule rule = new Rule("answer");
        rule.define(answer);
        List<Expression> branches = new ArrayList<>(List.of(new Reference(rule)));
        for (ReasoningFormat format : formats) {
          branches.add(
              Expression.sequence(mark(format.open()), after(format, new Reference(rule))));
        }
        yield new Choice(branches);
      }
    };
  }

  private Expression after(ReasoningFormat format, Expression answer) {
    return Expression.sequence(
        Expression.of(without(List.of(format.close()))), mark(format.close()), BREAKS, answer);
  }
}
