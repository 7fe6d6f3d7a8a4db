package org.vesalius.clinical.entities;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The plain way to find names: normalise the text character by character, compare each name at each
 * place, check that no word is cut. Shares no code with what it judges.
 */
final class ReferenceMatcher {
  private static final Pattern MARK = Pattern.compile("\\p{M}");
  private static final Pattern LETTER = Pattern.compile("[\\p{L}\\p{N}]");
  private static final Pattern DROPPED =
      Pattern.compile("[\\p{Cf}\\x{FE00}-\\x{FE0F}\\x{E0100}-\\x{E01EF}\\x{34F}]");
  private static final Pattern JOINING =
      Pattern.compile("[\\p{M}\\x{1160}-\\x{11FF}].*", Pattern.DOTALL);
  private static final Pattern SPACE = Pattern.compile("[\\p{Z}\\p{Cc}]");
  private static final Pattern DASH = Pattern.compile("[\\p{Pd}−·•‧・]");
  private static final Pattern APOSTROPHE = Pattern.compile("[‘’‛ʼ′]");
  private static final Pattern QUOTE = Pattern.compile("[“”„‟″]");

  /** A found name: its place in the source and the ids that have it. */
  record Found(int start, int end, List<String> ids) {}

  /** A visible character in normal form, where it comes from, and what stands before it. */
  private record Unit(int c, int start, int end, boolean wordBefore) {}

  /** Ids by normal form; each id with the rank of its name and its number. */
  private final Map<String, TreeSet<Named>> forms = new HashMap<>();

  /** What forms begin with, so that a search need not go on to the end of each text. */
  private final Set<String> beginnings = new HashSet<>();

  private record Named(int rank, int number, String id) implements Comparable<Named> {
    @Override
    public int compareTo(Named other) {
      return Comparator.comparingInt(Named::rank)
          .thenComparingInt(Named::number)
          .compare(this, other);
    }
  }

  private int entities;

  void add(String id, String name, List<String> synonyms) {
    add(id, name, 0);
    synonyms.forEach(s -> add(id, s, 1));
    entities++;
  }

  private void add(String id, String name, int rank) {
    String form = form(units(name));
    for (int end = 1; end <= form.length(); end++) {
      beginnings.add(form.substring(0, end));
    }
    TreeSet<Named> named = forms.computeIfAbsent(form, _ -> new TreeSet<>());
    if (named.stream().noneMatch(n -> n.id().equals(id))) {
      named.add(new Named(rank, entities, id));
    }
  }

  /** Characters, with a space between two words that would otherwise be one. */
  private static String form(List<Unit> units) {
    StringBuilder form = new StringBuilder();
    units.forEach(unit -> append(form, unit));
    return form.toString();
  }

  private static void append(StringBuilder form, Unit unit) {
    form.append(unit.wordBefore() && !form.isEmpty() ? " " : "").appendCodePoint(unit.c());
  }

  /** All matches, by end and then the longest first. */
  List<Found> all(String text) {
    List<Unit> units = units(text);
    List<Found> found = new ArrayList<>();
    for (int begin = 0; begin < units.size(); begin++) {
      StringBuilder form = new StringBuilder();
      for (int end = begin + 1; end <= units.size(); end++) {
        append(form, units.get(end - 1));
        if (!beginnings.contains(form.toString())) {
          break;
        }
        TreeSet<Named> named = forms.get(form.toString());
        if (named != null && isBoundary(units, begin) && isBoundary(units, end)) {
          found.add(
              new Found(
                  units.get(begin).start(),
                  units.get(end - 1).end(),
                  named.stream().map(Named::id).toList()));
        }
      }
    }
    found.sort(Comparator.comparingInt(Found::end).thenComparingInt(Found::start));
    return found;
  }

  /** Those of all matches that a reader from left to right takes. */
  static List<Found> leftmostLongest(List<Found> all) {
    List<Found> chosen = new ArrayList<>();
    int free = 0;
    while (true) {
      int from = free;
      Found best =
          all.stream()
              .filter(f -> f.start() >= from)
              .min(
                  Comparator.comparingInt(Found::start)
                      .thenComparing(Found::end, Comparator.reverseOrder()))
              .orElse(null);
      if (best == null) {
        return chosen;
      }
      chosen.add(best);
      free = best.end();
    }
  }

  /** Whether no word goes on from one character to the next. Marks go on with what they mark. */
  private static boolean isBoundary(List<Unit> units, int at) {
    if (at == 0 || at == units.size() || units.get(at).wordBefore()) {
      return true;
    }
    if (isMark(units.get(at).c())) {
      return false;
    }
    return !(isSpaced(marked(units, at - 1)) && isSpaced(units.get(at).c()));
  }

  /** The character that marks stand behind, which every text here has. */
  private static int marked(List<Unit> units, int at) {
    int base = at;
    while (isMark(units.get(base).c())) {
      base--;
    }
    return units.get(base).c();
  }

  private static boolean isMark(int c) {
    return MARK.matcher(Character.toString(c)).matches();
  }

  /** Letters and digits of scripts that put spaces between words. */
  private static boolean isSpaced(int c) {
    return LETTER.matcher(Character.toString(c)).matches() && !isUnspaced(c);
  }

  private static boolean isUnspaced(int c) {
    return switch (UnicodeScript.of(c)) {
      case HAN, HIRAGANA, KATAKANA, BOPOMOFO, HANGUL, THAI, LAO, KHMER, MYANMAR -> true;
      default -> c == 'ー';
    };
  }

  private static List<Unit> units(String text) {
    List<Unit> all = new ArrayList<>();
    for (int start = 0; start < text.length(); ) {
      int end = text.offsetByCodePoints(start, 1);
      while (end < text.length() && joins(text.codePointAt(end))) {
        end = text.offsetByCodePoints(end, 1);
      }
      String normal = Normalizer.normalize(text.substring(start, end), Normalizer.Form.NFKC);
      for (int c : normal.codePoints().toArray()) {
        String one = Character.toString(c);
        if (!DROPPED.matcher(one).matches()) {
          all.add(new Unit(folded(one), start, end, false));
        }
      }
      start = end;
    }
    return withoutGaps(all);
  }

  private static boolean joins(int c) {
    String one = Character.toString(c);
    return !DROPPED.matcher(one).matches()
        && JOINING.matcher(Normalizer.normalize(one, Normalizer.Form.NFKD)).matches();
  }

  private static int folded(String one) {
    if (SPACE.matcher(one).matches()) {
      return ' ';
    }
    if (DASH.matcher(one).matches()) {
      return '-';
    }
    if (APOSTROPHE.matcher(one).matches()) {
      return '\'';
    }
    if (QUOTE.matcher(one).matches()) {
      return '"';
    }
    return Character.toLowerCase(Character.toUpperCase(one.codePointAt(0)));
  }

  /** Removes spaces and the hyphens that are as spaces, and remembers where they parted words. */
  private static List<Unit> withoutGaps(List<Unit> all) {
    List<Unit> units = new ArrayList<>();
    boolean gap = false;
    for (int i = 0; i < all.size(); i++) {
      Unit unit = all.get(i);
      boolean hyphen =
          unit.c() == '-'
              && i > 0
              && i + 1 < all.size()
              && isLetter(marked(all, i - 1))
              && isLetter(all.get(i + 1).c());
      if (unit.c() == ' ' || hyphen) {
        gap = true;
      } else {
        boolean words =
            gap
                && !units.isEmpty()
                && isSpaced(marked(units, units.size() - 1))
                && isSpaced(unit.c());
        units.add(new Unit(unit.c(), unit.start(), unit.end(), words));
        gap = false;
      }
    }
    return units;
  }

  private static boolean isLetter(int c) {
    return isSpaced(c) || (isUnspaced(c) && Character.isLetterOrDigit(c));
  }
}
