package org.vesalius.clinical.entities;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the terms of an OBO file (OBO flat file format 1.0 to 1.4): {@code id}, {@code name},
 * {@code synonym} with its scope, {@code is_a} and {@code is_obsolete}. Other tags and other
 * stanzas are read over.
 */
final class OboDictionary {
  /** The most UTF-16 units of a line. */
  private static final int LINE_LENGTH = 1 << 20;

  private static final Set<String> VERSIONS = Set.of("1.0", "1.2", "1.3", "1.4");

  private final EntityTreeBuilder builder;
  private final DictionaryInput input;
  private final StringBuilder text = new StringBuilder();
  private long line;
  private Optional<Term> term = Optional.empty();
  private boolean anyTerm;
  private boolean header = true;

  /** A term while it is read. */
  private static final class Term {
    private final long line;
    private Optional<String> id = Optional.empty();
    private Optional<String> name = Optional.empty();
    private final List<EntityName> synonyms = new ArrayList<>();
    private final List<String> parents = new ArrayList<>();
    private boolean obsolete;

    Term(long line) {
      this.line = line;
    }
  }

  OboDictionary(EntityTreeBuilder builder, DictionaryInput input) {
    this.builder = builder;
    this.input = input;
  }

  void read() throws IOException {
    while (line()) {
      int begin = skipSpaces(0);
      if (begin == text.length() || text.charAt(begin) == '!') {
        continue;
      }
      if (text.charAt(begin) == '[') {
        stanza(begin);
      } else {
        tag(begin);
      }
    }
    finish();
    if (!anyTerm) {
      throw input.error("expected terms, found no line [Term]");
    }
  }

  /** The next line; one that ends in a backslash goes on in the next. */
  private boolean line() throws IOException {
    text.setLength(0);
    line = input.line();
    if (input.peek() == DictionaryInput.END) {
      return false;
    }
    boolean escaped = false;
    int taken = 0;
    for (int c = input.next(); c != DictionaryInput.END; c = input.next()) {
      if (c == '\n' && !escaped) {
        break;
      }
      if (++taken > LINE_LENGTH) {
        throw input.error("a line has more than " + LINE_LENGTH + " characters");
      }
      if (c == '\n') {
        text.setLength(text.length() - 1);
        escaped = false;
        continue;
      }
      escaped = c == '\\' && !escaped;
      text.append((char) c);
    }
    return true;
  }

  private void stanza(int begin) {
    int end = text.indexOf("]", begin);
    if (end < 0) {
      throw error(begin, "expected a stanza such as [Term], found no closing bracket");
    }
    finish();
    header = false;
    if (text.substring(begin + 1, end).strip().equals("Term")) {
      anyTerm = true;
      term = Optional.of(new Term(line));
    }
  }

  private void tag(int begin) {
    int colon = text.indexOf(":", begin);
    if (colon < 0) {
      throw error(begin, "expected tag: value or a stanza such as [Term]");
    }
    String tag = text.substring(begin, colon).strip();
    int value = skipSpaces(colon + 1);
    if (header) {
      if (tag.equals("format-version") && !VERSIONS.contains(plain(value))) {
        throw error(
            value,
            "expected OBO format 1.0 to 1.4, found "
                + DictionaryFormatException.quoted(plain(value)));
      }
      return;
    }
    if (term.isPresent()) {
      tag(term.get(), tag, value);
    }
  }

  private void tag(Term of, String tag, int value) {
    switch (tag) {
      case "id" -> of.id = once(of.id, tag, word(value), value);
      case "name" -> of.name = once(of.name, tag, plain(value), value);
      case "is_a" -> of.parents.add(checked(word(value), value, EntityTreeBuilder.ID_LENGTH));
      case "is_obsolete" -> of.obsolete = bool(value);
      case "synonym" -> synonym(of, value, Optional.empty());
      case "exact_synonym" -> synonym(of, value, Optional.of(NameKind.EXACT));
      case "narrow_synonym" -> synonym(of, value, Optional.of(NameKind.NARROW));
      case "broad_synonym" -> synonym(of, value, Optional.of(NameKind.BROAD));
      case "related_synonym" -> synonym(of, value, Optional.of(NameKind.RELATED));
      default -> {}
    }
  }

  private Optional<String> once(Optional<String> known, String tag, String value, int column) {
    if (known.isPresent()) {
      throw error(column, "expected one " + tag + " in a term, found another");
    }
    boolean id = tag.equals("id");
    return Optional.of(
        checked(value, column, id ? EntityTreeBuilder.ID_LENGTH : EntityTreeBuilder.NAME_LENGTH));
  }

  private String checked(String value, int column, int most) {
    if (value.isBlank() || value.length() > most) {
      throw error(
          column,
          "expected 1 to "
              + most
              + " UTF-16 units, found "
              + (value.isBlank() ? "none" : "" + value.length()));
    }
    return value;
  }

  private boolean bool(int value) {
    String found = plain(value);
    if (!found.equals("true") && !found.equals("false")) {
      throw error(
          value, "expected true or false, found " + DictionaryFormatException.quoted(found));
    }
    return found.equals("true");
  }

  /**
   * {@code "text" SCOPE TYPE [references] {modifiers} ! comment}; all but the text may be absent.
   */
  private void synonym(Term of, int value, Optional<NameKind> told) {
    if (value == text.length() || text.charAt(value) != '"') {
      throw error(value, "expected a synonym in quotes");
    }
    StringBuilder name = new StringBuilder();
    int at = value + 1;
    while (at < text.length() && text.charAt(at) != '"') {
      at = character(at, name);
    }
    if (at >= text.length()) {
      throw error(value, "a quote is opened here and never closed in its line");
    }
    int scope = skipSpaces(at + 1);
    NameKind kind = told.orElseGet(() -> scope(scope));
    of.synonyms.add(
        new EntityName(checked(name.toString(), value, EntityTreeBuilder.NAME_LENGTH), kind));
  }

  private NameKind scope(int at) {
    if (at == text.length() || "[{!".indexOf(text.charAt(at)) >= 0) {
      return NameKind.RELATED;
    }
    String word = word(at);
    return switch (word.toUpperCase(Locale.ROOT)) {
      case "EXACT" -> NameKind.EXACT;
      case "NARROW" -> NameKind.NARROW;
      case "BROAD" -> NameKind.BROAD;
      case "RELATED" -> NameKind.RELATED;
      default ->
          throw error(
              at,
              "expected EXACT, NARROW, BROAD or RELATED, found "
                  + DictionaryFormatException.quoted(word));
    };
  }

  private void finish() {
    if (term.isEmpty()) {
      return;
    }
    Term read = term.get();
    term = Optional.empty();
    if (read.obsolete) {
      builder.countObsolete();
      return;
    }
    String id = read.id.orElseThrow(() -> input.error(read.line, 1, "expected an id in this term"));
    if (read.name.isEmpty()) {
      builder.countUnnamed();
    }
    try {
      builder.add(id, read.name.orElse(id), read.synonyms, read.parents);
    } catch (IllegalArgumentException e) {
      throw input.error(read.line, 1, String.valueOf(e.getMessage()));
    }
  }

  /** The value without a comment and without modifiers, as {@code name} has it. */
  private String plain(int begin) {
    StringBuilder out = new StringBuilder();
    int modifiers = -1;
    for (int at = begin; at < text.length(); ) {
      char c = text.charAt(at);
      boolean spaced = at == begin || text.charAt(at - 1) == ' ' || text.charAt(at - 1) == '\t';
      if (c == '!' && spaced) {
        break;
      }
      if (c == '{' && spaced && text.indexOf("=", at) > at) {
        modifiers = out.length();
      }
      at = character(at, out);
    }
    String all = out.toString().strip();
    return modifiers >= 0 && all.endsWith("}") ? all.substring(0, modifiers).strip() : all;
  }

  /** The value up to white space, as ids have it. */
  private String word(int begin) {
    StringBuilder out = new StringBuilder();
    for (int at = begin; at < text.length() && " \t!{".indexOf(text.charAt(at)) < 0; ) {
      at = character(at, out);
    }
    return out.toString();
  }

  /** One character, escaped or not; returns where the next one begins. */
  private int character(int at, StringBuilder out) {
    char c = text.charAt(at);
    if (c != '\\' || at + 1 == text.length()) {
      out.append(c);
      return at + 1;
    }
    char escaped = text.charAt(at + 1);
    out.append(
        switch (escaped) {
          case 'n' -> '\n';
          case 't' -> '\t';
          case 'W' -> ' ';
          default -> escaped;
        });
    return at + 2;
  }

  private int skipSpaces(int from) {
    int at = from;
    while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
      at++;
    }
    return at;
  }

  private DictionaryFormatException error(int at, String problem) {
    return input.error(line, at + 1L, problem);
  }
}
