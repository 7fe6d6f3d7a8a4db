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
          "\\b(?:but|however|although|though|except|yet|while|whereas|apart from|other than)\\b"
              + "|;|；|，|但|然而|, (?:the|there|a|an) ");

  /** What joins two findings. */
  private static final Pattern JOIN =
      Pattern.compile(",|;|，|、|；|\\b(?:and|or|with|plus)\\b|和|与|及|伴");

  /** Words that negate what precedes them. */
  private static final Pattern AFTER =
      Pattern.compile(
          "^[^.;]{0,40}?\\b(?:not (?:seen|identified|present|visible|evident)"
              + "|no longer (?:seen|visible|present|evident)|absent)\\b");

  /** Words with a negation in them that do not say that something is absent. */
  private static final Pattern CHANGE =
      Pattern.compile(
          "\\bno (?:\\w+ ){0,2}(?:change|increase|decrease|difference|progression)\\b"
              + "|\\bnot only\\b|无(?:明显|显著)?变化|无(?:明显|显著)?改变");

  /** Words after which nobody can tell whether something is there. */
  private static final Pattern UNCERTAIN =
      Pattern.compile(
          "\\b(?:cannot|can not|could not|not|to) (?:be )?(?:entirely )?(?:excluded?|ruled out|rule out|resolved)\\b"
              + "|\\b(?:possible|possibly|questionable|may represent|suspicious for)\\b"
              + "|不除外|不能除外|不能排除|不排除|可能|可疑");

  /** What takes something out of what a phrase says. */
  private static final Pattern EXCEPT =
      Pattern.compile("^,? ?(?:except|apart from|other than|but|除)");

  private static final Pattern ARTICLE = Pattern.compile("\\b(?:a|an|the)\\b");

  /** Whether a word is negated. */
  private enum Negation {
    NO,
    YES,
    UNCLEAR
  }

  /** A value that two others are together. */
  private static final String BOTH = "both";

  private static final Set<String> BOTH_SIDES = Set.of("left", "right");

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
        apart ? "(?<![\\p{L}\\p{N}])" + quoted + "(?:e?s)?(?![\\p{L}\\p{N}])" : quoted);
  }

  /** What a sentence says, in the order of its words. */
  List<Statement> read(String sentence) {
    String text = sentence.toLowerCase(Locale.ROOT);
    List<Statement> statements = new ArrayList<>();
    if (UNCERTAIN.matcher(text).find()) {
      return statements;
    }
    List<Place> places = places(text);
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      int from = i == 0 ? 0 : border(text, places.get(i - 1), place, true);
      int next = i + 1 == places.size() ? text.length() : places.get(i + 1).start();
      int to = i + 1 == places.size() ? next : border(text, place, places.get(i + 1), false);
      if (place.mark().phrase()) {
        phrase(statements, text, place, attributes(text, from, place, to, places.size() == 1));
        continue;
      }
      Map<String, Set<String>> attributes = attributes(text, from, place, to, places.size() == 1);
      int previous = i == 0 ? 0 : places.get(i - 1).end();
      Negation negated = negation(text, place, previous, next, !attributes.isEmpty());
      if (negated != Negation.UNCLEAR) {
        place
            .mark()
            .present()
            .forEach(finding -> add(statements, finding, negated == Negation.NO, attributes));
      }
    }
    return statements;
  }

  /** Says nothing where something is taken out again. */
  private static void phrase(
      List<Statement> statements, String text, Place place, Map<String, Set<String>> attributes) {
    if (!EXCEPT.matcher(text.substring(place.end()).stripLeading()).find()) {
      place.mark().absent().forEach(finding -> add(statements, finding, false, Map.of()));
      place.mark().present().forEach(finding -> add(statements, finding, true, attributes));
    }
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

  /**
   * Whether a word is negated; unclear where another finding stands between and this one begins
   * anew, by an article or with values of its own.
   *
   * @param described whether it has values of its own
   */
  private Negation negation(String text, Place place, int previous, int next, boolean described) {
    String behind = text.substring(place.end(), next);
    Matcher after = AFTER.matcher(behind);
    if (after.find() && !TURN.matcher(behind.substring(0, after.end())).find()) {
      return Negation.YES;
    }
    for (Pattern negation : negations) {
      Matcher matcher = negation.matcher(text).region(0, place.start());
      while (matcher.find()) {
        String between = text.substring(matcher.end(), place.start());
        boolean ofChange = CHANGE.matcher(text.substring(matcher.start(), place.start())).find();
        if (ofChange || TURN.matcher(between).find()) {
          continue;
        }
        boolean anew =
            matcher.end() < previous
                && (described || ARTICLE.matcher(text.substring(previous, place.start())).find());
        return anew ? Negation.UNCLEAR : Negation.YES;
      }
    }
    return Negation.NO;
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
          if (all.containsAll(BOTH_SIDES) && values.containsKey(BOTH)) {
            all.removeAll(BOTH_SIDES);
            all.add(BOTH);
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
