package org.vesalius.clinical.entities;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Counts which entities of a tree a corpus names, text by text. Not for several threads; each may
 * have its own, and {@link #add(EntityCoverage)} puts them together.
 *
 * <p>A match that may be several entities counts once for each of them, since nothing says which is
 * meant; how many matches are so is counted too.
 */
public final class EntityCoverage {
  private final EntityTagger tagger;
  private final long[] counts;
  private long texts;
  private long taggedTexts;
  private long matches;
  private long ambiguous;

  /** Counts what a tagger finds. */
  public EntityCoverage(EntityTagger tagger) {
    this.tagger = tagger;
    this.counts = new long[tagger.tree().size()];
  }

  /** Tags one more text, leftmost longest, and counts. */
  public void add(String text) {
    long before = matches;
    tagger.scan(text, MatchPolicy.LEFTMOST_LONGEST, (_, _, form) -> count(form));
    texts++;
    taggedTexts += matches > before ? 1 : 0;
  }

  private void count(int form) {
    matches++;
    int[] entities = tagger.indices(form);
    ambiguous += entities.length > 1 ? 1 : 0;
    for (int entity : entities) {
      counts[entity]++;
    }
  }

  /** Counts the tags of one more text, which must be of the same tagger. */
  public void add(List<EntityTag> tags) {
    EntityTree tree = tagger.tree();
    texts++;
    taggedTexts += tags.isEmpty() ? 0 : 1;
    for (EntityTag tag : tags) {
      matches++;
      ambiguous += tag.ambiguous() ? 1 : 0;
      for (TaggedEntity entity : tag.entities()) {
        counts[
            tree.index(entity.id())
                .orElseThrow(
                    () -> new IllegalArgumentException("the tags are of another dictionary"))]++;
      }
    }
  }

  /** Adds what another one of the same tagger counted. */
  public void add(EntityCoverage other) {
    if (other.tagger != tagger) {
      throw new IllegalArgumentException("the counts are of another dictionary");
    }
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    texts += other.texts;
    taggedTexts += other.taggedTexts;
    matches += other.matches;
    ambiguous += other.ambiguous;
  }

  /** How often an entity was named. */
  public long count(String id) {
    return counts[
        tagger
            .tree()
            .index(id)
            .orElseThrow(() -> new IllegalArgumentException("no entity has this id"))];
  }

  /** What was counted so far. */
  public CoverageReport report() {
    EntityTree tree = tagger.tree();
    List<CoverageReport.Share> levels = new ArrayList<>();
    for (int level = 1; level <= EntityTree.LEVELS; level++) {
      int wanted = level;
      levels.add(share(i -> tree.level(i) == wanted));
    }
    long[] histogram = new long[CoverageReport.RANGES.size()];
    for (long count : counts) {
      int range = histogram.length - 1;
      while (count < CoverageReport.RANGES.get(range)) {
        range--;
      }
      histogram[range]++;
    }
    List<Long> tail = new ArrayList<>();
    for (long entities : histogram) {
      tail.add(entities);
    }
    return new CoverageReport(
        texts, taggedTexts, matches, ambiguous, share(_ -> true), levels, tail);
  }

  private CoverageReport.Share share(IntPredicate wanted) {
    int entities = 0;
    int seen = 0;
    long times = 0;
    for (int i = 0; i < counts.length; i++) {
      if (wanted.test(i)) {
        entities++;
        seen += counts[i] > 0 ? 1 : 0;
        times += counts[i];
      }
    }
    return new CoverageReport.Share(entities, seen, times);
  }

  /**
   * How much of each branch was seen: of each entity of a level and all below it. What lies below
   * several of them counts in each; what lies below none in no one.
   *
   * @param level of the branches' tops, 1 to {@link EntityTree#LEVELS}
   * @return branches in the tree's order
   */
  public List<BranchCoverage> branches(int level) {
    if (level < 1 || level > EntityTree.LEVELS) {
      throw new IllegalArgumentException(
          "level: expected 1 to " + EntityTree.LEVELS + ", found " + level);
    }
    EntityTree tree = tagger.tree();
    TreeMap<Integer, long[]> sums = new TreeMap<>();
    for (int i = 0; i < counts.length; i++) {
      List<Integer> tops = new ArrayList<>(tree.ancestors(i));
      tops.add(i);
      for (int top : tops) {
        if (tree.level(top) == level) {
          long[] sum = sums.computeIfAbsent(top, _ -> new long[3]);
          sum[0]++;
          sum[1] += counts[i] > 0 ? 1 : 0;
          sum[2] += counts[i];
        }
      }
    }
    List<BranchCoverage> branches = new ArrayList<>();
    sums.forEach((top, sum) ->
        branches.add(
            new BranchCoverage(
                tree.id(top),
                tree.name(top),
                new CoverageReport.Share((int) sum[0], (int) sum[1], sum[2]))));
    return branches;
  }

  /** The entities named most often, at most so many, the most frequent first, none never seen. */
  public List<SeenEntity> mostSeen(int most) {
    Comparator<Integer> rarer =
        Comparator.<Integer>comparingLong(i -> counts[i]).thenComparing(Comparator.reverseOrder());
    PriorityQueue<Integer> kept = new PriorityQueue<>(rarer);
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        kept.add(i);
        if (kept.size() > most) {
          kept.remove();
        }
      }
    }
    List<SeenEntity> seen = new ArrayList<>();
    while (!kept.isEmpty()) {
      int i = kept.remove();
      seen.addFirst(new SeenEntity(tagger.tree().id(i), tagger.tree().name(i), counts[i]));
    }
    return seen;
  }

  /** Ids of entities never named, at most so many, in the tree's order. */
  public List<String> neverSeen(int most) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < counts.length && ids.size() < most; i++) {
      if (counts[i] == 0) {
        ids.add(tagger.tree().id(i));
      }
    }
    return ids;
  }

  /**
   * How much of a branch was seen.
   *
   * @param id of the entity at its top
   * @param name of the same
   * @param share of it and of all below it
   */
  public record BranchCoverage(String id, String name, CoverageReport.Share share) {}

  /**
   * How often an entity was named.
   *
   * @param id the entity's
   * @param name its preferred name
   * @param times how often
   */
  public record SeenEntity(String id, String name, long times) {}
}
