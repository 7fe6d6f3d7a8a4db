package org.vesalius.loader;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The names of a checkpoint that a missing name was probably meant to be. */
final class ClosestNames {
  private static final int COUNT = 3;

  private ClosestNames() {}

  private record Candidate(String name, int distance) {}

  /** At most three names, nearest first, quoted; none that is mostly different. */
  static List<String> of(String wanted, Collection<String> names) {
    return names.stream()
        .map(name -> new Candidate(name, distance(wanted, name)))
        .filter(candidate -> candidate.distance() <= Math.max(2, wanted.length() / 2))
        .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .limit(COUNT)
        .map(candidate -> Quote.of(candidate.name()))
        .toList();
  }

  /** Levenshtein's edit distance; a name that is far too long is not compared. */
  private static int distance(String a, String b) {
    if (Math.abs(a.length() - b.length()) > Math.max(2, a.length() / 2)) {
      return Integer.MAX_VALUE;
    }
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
