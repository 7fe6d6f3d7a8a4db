package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what a sentence says about the findings of a template, by words: which finding, whether it
 * is negated, and with which attributes. Negation is as in NegEx (Chapman et al. 2001): a word that
 * negates holds for what follows it up to a word that turns, and some hold for what precedes them.
 * What it does not know it does not guess: such a sentence has no statements.
 */
final class StatementReader {
  /** Words after which a negation does not hold any more. */
  private static final Pattern TURN =
      Pattern.compile(
          "\\b(?:but|however|although|though|except|yet|while|whereas)\\b|;|；|但|然而|, (?:the|there|a|an) ");

  /** What joins two findings. */
  private static final Pattern JOIN =
      Pattern.compile(",|;|，|、|；|\\b(?:and|or|with|plus)\\b|和|与|及|伴");

  /** Words that negate what precedes them. */
  private static final Pattern AFTER =
      Pattern.compile(
          "^[^.;]{0,40}?\\b(?:is|are|was|were|has|have)?\\s?(?:not (?:seen|identified|present|visible|evident)|absent|excluded|ruled out|resolved)\\b");

  private final ReportTemplate template;
  private final List<Mark> marks = new ArrayList<>();
  private final List<Pattern> negations;

  /** A word that says something, and what. */
  private record Mark(
      Pattern pattern, int length, List<Finding> present, List<Finding> absent, boolean phrase) {}

  /** A word where it stands. */
  private record Place(int start, int end, Mark mark) {}

  StatementReader(ReportTemplate template) {
    this.template = template;
    for (ReportTemplate.Phrase phrase : template.phrases()) {
      marks.add(
          new Mark(
              words(phrase.text()),
              phrase.text().length(),
              findings(phrase.present()),
              findings(phrase.absent()),
              true));
    }
    for (Finding finding : template.findings()) {
      for (String term : finding.terms()) {
        marks.add(new Mark(words(term), term.length(), List.of(finding), List.of(), false));
      }
    }
    marks.sort(Comparator.comparingInt((Mark mark) -> -mark.length()));
    negations = template.negations().stream().map(StatementReader::words).toList();
  }

  private List<Finding> findings(List<String> ids) {
    return ids.stream().map(id -> template.finding(id).orElseThrow()).toList();
  }

  /** The words themselves, whole ones in scripts that write words apart. */
  private static Pattern words(String text) {
    boolean apart = text.codePoints().allMatch(c -> c < 0x2E80);
    String quoted = Pattern.quote(text);
    return Pattern.compile(
        apart ? "(?<![\\p{L}\\p{N}])" + quoted + "s?(?![\\p{L}\\p{N}])" : quoted);
  }

  /** What a sentence says, in the order of its words. */
  List<Statement> read(String sentence) {
    String text = sentence.toLowerCase(Locale.ROOT);
    List<Place> places = places(text);
    List<Statement> statements = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      int from = i == 0 ? 0 : border(text, places.get(i - 1), place, true);
      int to =
          i + 1 == places.size() ? text.length() : border(text, place, places.get(i + 1), false);
      boolean negated = !place.mark().phrase() && isNegated(text, place);
      Map<String, Set<String>> attributes = attributes(text, from, place, to, places.size() == 1);
      place.mark().absent().forEach(finding -> add(statements, finding, false, Map.of()));
      place
          .mark()
          .present()
          .forEach(finding -> add(statements, finding, !negated, negated ? Map.of() : attributes));
    }
    return statements;
  }

  /**
   * Up to where words between two findings belong to the first: the last word that joins; without
   * one they may belong to either.
   */
  private static int border(String text, Place first, Place second, boolean ofSecond) {
    int border = ofSecond ? first.end() : second.start();
    Matcher joins = JOIN.matcher(text).region(first.end(), second.start());
    while (joins.find()) {
      border = joins.start();
    }
    return border;
  }

  /** One sentence says the same of a finding once, with all that it says. */
  private static void add(
      List<Statement> statements,
      Finding finding,
      boolean present,
      Map<String, Set<String>> attributes) {
    for (int i = 0; i < statements.size(); i++) {
      Statement known = statements.get(i);
      if (known.finding().id().equals(finding.id()) && known.present() == present) {
        Map<String, Set<String>> all = new LinkedHashMap<>(known.attributes());
        attributes.forEach((name, values) ->
            all.merge(
                name,
                values,
                (a, b) -> {
                  Set<String> both = new LinkedHashSet<>(a);
                  both.addAll(b);
                  return both;
                }));
        statements.set(i, new Statement(finding, present, all));
        return;
      }
    }
    statements.add(new Statement(finding, present, attributes));
  }

  /** The longest marks, which do not overlap. */
  private List<Place> places(String text) {
    List<Place> places = new ArrayList<>();
    for (Mark mark : marks) {
      Matcher matcher = mark.pattern().matcher(text);
      while (matcher.find()) {
        int start = matcher.start();
        int end = matcher.end();
        if (places.stream().noneMatch(p -> start < p.end() && p.start() < end)) {
          places.add(new Place(start, end, mark));
        }
      }
    }
    places.sort(Comparator.comparingInt(Place::start));
    return places;
  }

  private boolean isNegated(String text, Place place) {
    if (AFTER.matcher(text.substring(place.end())).find()) {
      return true;
    }
    for (Pattern negation : negations) {
      Matcher matcher = negation.matcher(text).region(0, place.start());
      while (matcher.find()) {
        if (!TURN.matcher(text.substring(matcher.end(), place.start())).find()) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Values that stand with a word: before it and, where another finding does not come in between,
   * behind it.
   */
  private Map<String, Set<String>> attributes(
      String text, int from, Place place, int to, boolean alone) {
    Map<String, Set<String>> found = new LinkedHashMap<>();
    template
        .attributes()
        .forEach((name, values) -> {
          Set<String> before = values(text.substring(from, place.end()), values);
          Set<String> behind = values(text.substring(place.start(), to), values);
          Set<String> all = new LinkedHashSet<>(before);
          if (alone || before.isEmpty()) {
            all.addAll(behind);
          }
          if (!all.isEmpty()) {
            found.put(name, all);
          }
        });
    return found;
  }

  private static Set<String> values(String text, Map<String, List<String>> values) {
    Set<String> found = new LinkedHashSet<>();
    values.forEach((value, words) -> {
      if (words.stream()
          .anyMatch(word -> words(word.toLowerCase(Locale.ROOT)).matcher(text).find())) {
        found.add(value);
      }
    });
    return found;
  }
}
