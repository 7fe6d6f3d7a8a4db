package org.vesalius.clinical.entities;

import java.util.function.IntFunction;

/**
 * How far each entity is from a root, up to the last level.
 *
 * @param levels 1 to {@link EntityTree#LEVELS} for each entity
 * @param deeper how many would have a greater one
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, and handed on to one owner.
record EntityLevels(byte[] levels, int deeper) {

  /** Entities of a cycle that a message names. */
  private static final int MOST_NAMED = 4;

  /**
   * Walks down from the roots, parents before children (Kahn 1962).
   *
   * @param first where the parents of each entity begin in {@code parents}, and one more
   * @throws IllegalArgumentException when there is a cycle
   */
  static EntityLevels of(int[] first, int[] parents, IntFunction<String> id) {
    int size = first.length - 1;
    int[] childFirst = new int[size + 2];
    for (int parent : parents) {
      childFirst[parent + 2]++;
    }
    for (int i = 2; i < childFirst.length; i++) {
      childFirst[i] += childFirst[i - 1];
    }
    int[] children = new int[parents.length];
    int[] waiting = new int[size];
    int[] distance = new int[size];
    int[] queue = new int[size];
    int tail = 0;
    for (int entity = 0; entity < size; entity++) {
      waiting[entity] = first[entity + 1] - first[entity];
      for (int i = first[entity]; i < first[entity + 1]; i++) {
        children[childFirst[parents[i] + 1]++] = entity;
      }
      if (waiting[entity] == 0) {
        distance[entity] = 1;
        queue[tail++] = entity;
      }
    }
    for (int head = 0; head < tail; head++) {
      int parent = queue[head];
      for (int i = childFirst[parent]; i < childFirst[parent + 1]; i++) {
        int child = children[i];
        int way = distance[parent] + 1;
        distance[child] = distance[child] == 0 ? way : Math.min(distance[child], way);
        if (--waiting[child] == 0) {
          queue[tail++] = child;
        }
      }
    }
    if (tail < size) {
      throw new IllegalArgumentException(cycle(first, parents, waiting, id));
    }
    return capped(distance);
  }

  private static EntityLevels capped(int[] distance) {
    byte[] levels = new byte[distance.length];
    int deeper = 0;
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) Math.min(distance[i], EntityTree.LEVELS);
      deeper += distance[i] > EntityTree.LEVELS ? 1 : 0;
    }
    return new EntityLevels(levels, deeper);
  }

  /**
   * Says whose parents lead back to it: files and lines are not kept, but these ids are in them.
   */
  private static String cycle(int[] first, int[] parents, int[] waiting, IntFunction<String> id) {
    boolean[] seen = new boolean[waiting.length];
    int at = 0;
    while (waiting[at] == 0) {
      at++;
    }
    for (; !seen[at]; at = waitingParent(first, parents, waiting, at)) {
      seen[at] = true;
    }
    StringBuilder way = new StringBuilder();
    int between = 0;
    for (int above = waitingParent(first, parents, waiting, at);
        above != at;
        above = waitingParent(first, parents, waiting, above)) {
      if (between++ < MOST_NAMED) {
        way.append(between == 1 ? ", by way of " : ", ")
            .append(DictionaryFormatException.quoted(id.apply(above)));
      }
    }
    if (between > MOST_NAMED) {
      way.append(" and ").append(between - MOST_NAMED).append(" more");
    }
    return "entity %s: is above itself%s; remove one of the parents on the way"
        .formatted(DictionaryFormatException.quoted(id.apply(at)), way);
  }

  /** The first parent that was never reached either. */
  private static int waitingParent(int[] first, int[] parents, int[] waiting, int at) {
    int i = first[at];
    while (waiting[parents[i]] == 0) {
      i++;
    }
    return parents[i];
  }
}
