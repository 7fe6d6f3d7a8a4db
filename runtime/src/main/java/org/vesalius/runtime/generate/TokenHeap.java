package org.vesalius.runtime.generate;

/**
 * The tokens of a vocabulary as a heap, the likeliest first: building is linear, so taking a few
 * costs little.
 */
final class TokenHeap {
  private final float[] logits;
  private final int[] heap;
  private int size;

  TokenHeap(float[] logits) {
    this.logits = logits;
    heap = new int[logits.length];
    size = heap.length;
    for (int i = 0; i < size; i++) {
      heap[i] = i;
    }
    for (int i = size / 2 - 1; i >= 0; i--) {
      sink(i);
    }
  }

  /** Takes the likeliest token. */
  int pop() {
    int top = heap[0];
    heap[0] = heap[--size];
    sink(0);
    return top;
  }

  private void sink(int start) {
    int i = start;
    for (; ; ) {
      int child = 2 * i + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && before(heap[child + 1], heap[child])) {
        child++;
      }
      if (!before(heap[child], heap[i])) {
        return;
      }
      int moved = heap[i];
      heap[i] = heap[child];
      heap[child] = moved;
      i = child;
    }
  }

  private boolean before(int a, int b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  }
}
