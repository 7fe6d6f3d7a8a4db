package org.vesalius.clinical.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.clinical.trace.TracePlace;

/**
 * Finds what speaks against a sentence without asking a model: another sentence that says the
 * opposite, or another side; a place that is on the other side; a size that was measured otherwise.
 */
final class Contradictions {
  /** How near the middle of a picture a place has no side, as a share of its width. */
  private static final double MIDDLE = 0.05;

  /** How far a stated size may be from the measured one, as a share of it. */
  private static final double SIZE = 0.3;

  private static final Pattern STATED =
      Pattern.compile(
          "(\\d{1,4}(?:[.,]\\d{1,3})?)(?:\\s?[x×*]\\s?(\\d{1,4}(?:[.,]\\d{1,3})?))?\\s?(mm|cm|毫米|厘米)(?![\\p{L}])",
          Pattern.CASE_INSENSITIVE);

  private final ReportTemplate template;

  /**
   * A sentence with what is known of it.
   *
   * @param text of it
   * @param statements that it makes
   * @param places of what it says is there
   * @param measurements of these places
   * @param verdict of the second look
   */
  record Known(
      String text,
      List<Statement> statements,
      List<Locator.Located> places,
      List<Measurement> measurements,
      Sentence.Verdict verdict) {

    /** Whether the second look tells which of two that contradict each other is wrong. */
    boolean holdsAgainst(Known other) {
      return verdict == Sentence.Verdict.SUPPORTED && other.verdict == Sentence.Verdict.UNSUPPORTED;
    }
  }

  Contradictions(ReportTemplate template) {
    this.template = template;
  }

  /** What speaks against a sentence, a sentence each. */
  List<String> of(int index, List<Known> all) {
    Known sentence = all.get(index);
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      Known other = all.get(i);
      if (i == index || sentence.holdsAgainst(other)) {
        continue;
      }
      for (Statement mine : sentence.statements()) {
        for (Statement theirs : other.statements()) {
          opposite(
              mine,
              theirs,
              other.text(),
              sentence.verdict() == Sentence.Verdict.SUPPORTED,
              problems);
        }
      }
    }
    for (Statement mine : sentence.statements()) {
      for (Statement again : sentence.statements()) {
        if (mine.present() && !again.present() && mine.overlaps(again)) {
          problems.add(
              "it says of " + mine.finding().name() + " that it is there and that it is not");
        }
      }
    }
    if (template.frontal()) {
      side(sentence, problems);
    }
    size(sentence, problems);
    return problems.stream().distinct().toList();
  }

  private static boolean same(Statement a, Statement b) {
    return a.finding().id().equals(b.finding().id());
  }

  private static void opposite(
      Statement mine, Statement theirs, String text, boolean supported, List<String> problems) {
    if (!same(mine, theirs)) {
      return;
    }
    if (mine.present() != theirs.present()) {
      if (mine.overlaps(theirs)) {
        problems.add(
            "another sentence says that %s is %s: \"%s\""
                .formatted(mine.finding().name(), theirs.present() ? "there" : "not there", text));
      }
      return;
    }
    if (!mine.present() || supported) {
      // Two of a kind may be there, and the second look sees this one.
      return;
    }
    for (Map.Entry<String, Set<String>> given : mine.attributes().entrySet()) {
      Set<String> others = theirs.attributes().get(given.getKey());
      if (others != null && others.stream().noneMatch(given.getValue()::contains)) {
        problems.add(
            "another sentence gives %s the %s %s: \"%s\""
                .formatted(mine.finding().name(), given.getKey(), String.join("/", others), text));
      }
    }
  }

  /** From the front, the patient's right is at the picture's left. */
  private static void side(Known sentence, List<String> problems) {
    for (Statement statement : sentence.statements()) {
      Set<String> sides = statement.attributes().getOrDefault("side", Set.of());
      if (!statement.present() || sides.size() != 1) {
        continue;
      }
      String said = sides.iterator().next();
      for (Locator.Located located : sentence.places()) {
        if (!located.finding().equals(statement.finding().id())) {
          continue;
        }
        TracePlace place = located.place();
        double middle = middle(place);
        String seen = middle < 0.5 - MIDDLE ? "right" : middle > 0.5 + MIDDLE ? "left" : said;
        if ((said.equals("left") || said.equals("right")) && !seen.equals(said)) {
          problems.add(
              "its place in image %d is on the patient's %s".formatted(place.image(), seen));
        }
      }
    }
  }

  private static double middle(TracePlace place) {
    double sum = 0;
    for (int i = 0; i < place.relative().size(); i += 2) {
      sum += place.relative().get(i);
    }
    return 2 * sum / place.relative().size();
  }

  private static void size(Known sentence, List<String> problems) {
    double measured =
        sentence.measurements().stream()
            .filter(measurement -> measurement.unit().equals("mm"))
            .mapToDouble(Measurement::value)
            .max()
            .orElse(0);
    // Of several findings in a sentence nobody can tell whose size it is.
    if (measured == 0 || sentence.statements().size() != 1) {
      return;
    }
    Matcher stated = STATED.matcher(sentence.text());
    while (stated.find()) {
      String unit = stated.group(3).toLowerCase(Locale.ROOT);
      double factor = unit.equals("cm") || unit.equals("厘米") ? 10 : 1;
      double value = number(stated.group(1));
      if (stated.group(2) != null) {
        value = Math.max(value, number(stated.group(2)));
      }
      value *= factor;
      if (Math.abs(value - measured) > SIZE * measured) {
        problems.add(
            String.format(
                Locale.ROOT, "it states %.1f mm, and its place measures %.1f mm", value, measured));
      }
    }
  }

  private static double number(String text) {
    return Double.parseDouble(text.replace(',', '.'));
  }
}
