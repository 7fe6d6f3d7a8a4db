package org.vesalius.clinical.entities;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** Finds entities by id: open addressing over the ids kept in {@link Texts}. */
final class IdTable {
  private final Texts texts;
  private final Ints starts;

  /** Nobody can know it and make ids that all fall into one slot. */
  private final int multiplier = ThreadLocalRandom.current().nextInt() | 5;

  private int[] slots = new int[16];

  /**
   * Makes an empty table.
   *
   * @param starts where the id of each entity begins in the texts
   */
  IdTable(Texts texts, Ints starts) {
    this.texts = texts;
    this.starts = starts;
    Arrays.fill(slots, -1);
  }

  /** The entity, or -1. */
  int find(byte[] id) {
    int mask = slots.length - 1;
    for (int i = Texts.hash(id, multiplier) & mask; slots[i] >= 0; i = (i + 1) & mask) {
      if (texts.is(starts.get(slots[i]), id)) {
        return slots[i];
      }
    }
    return -1;
  }

  /** Enters an entity that is not there yet. */
  void add(int entity) {
    if ((entity + 1L) * 3 > slots.length * 2L) {
      slots = new int[Math.multiplyExact(slots.length, 2)];
      Arrays.fill(slots, -1);
      for (int i = 0; i < entity; i++) {
        place(i);
      }
    }
    place(entity);
  }

  private void place(int entity) {
    int mask = slots.length - 1;
    int i = texts.hash(starts.get(entity), multiplier) & mask;
    while (slots[i] >= 0) {
      i = (i + 1) & mask;
    }
    slots[i] = entity;
  }

  long byteSize() {
    return 4L * slots.length;
  }
}
