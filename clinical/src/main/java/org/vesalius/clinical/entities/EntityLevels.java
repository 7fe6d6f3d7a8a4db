package org.vesalius.clinical.entities;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * How far each entity is from a root, up to the last level.
 *
 * @param levels 1 to {@link EntityTree#LEVELS} for each entity
 * @param deeper how many would have a greater one
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, and handed on to one owner.
record EntityLevels(byte[] levels, int deeper) {

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
      throw new IllegalArgumentException(
          "entity "
              + DictionaryFormatException.quoted(id.apply(onCycle(first, parents, waiting)))
              + ": is above itself; remove one of the parents on the way");
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

  /** Goes up among those that were never reached until one comes again. */
  private static int onCycle(int[] first, int[] parents, int[] waiting) {
    boolean[] seen = new boolean[waiting.length];
    int at = 0;
    while (waiting[at] == 0) {
      at++;
    }
    while (!seen[at]) {
      seen[at] = true;
      int[] above = Arrays.copyOfRange(parents, first[at], first[at + 1]);
      at = Arrays.stream(above).filter(p -> waiting[p] > 0).findFirst().orElseThrow();
    }
    return at;
  }
}
