package org.vesalius.clinical.imaging.dicom;

/** A tree of minima, decoded as far as asked (T.800 B.10.2). */
final class TagTree {
  private final int[] offsets;
  private final int[] widths;
  private final int[] values;
  private final boolean[] known;

  TagTree(int width, int height) {
    int levels = 1;
    for (int w = width, h = height; w > 1 || h > 1; w = (w + 1) >> 1, h = (h + 1) >> 1) {
      levels++;
    }
    offsets = new int[levels];
    widths = new int[levels];
    int nodes = 0;
    int w = width;
    int h = height;
    for (int level = 0; level < levels; level++, w = (w + 1) >> 1, h = (h + 1) >> 1) {
      offsets[level] = nodes;
      widths[level] = w;
      nodes += w * h;
    }
    values = new int[nodes];
    known = new boolean[nodes];
  }

  /** Whether the value of a leaf is below a threshold. */
  boolean isBelow(int x, int y, int threshold, PacketBits bits) {
    int low = 0;
    int node = 0;
    for (int level = offsets.length - 1; level >= 0; level--) {
      node = offsets[level] + (y >> level) * widths[level] + (x >> level);
      values[node] = Math.max(values[node], low);
      while (!known[node] && values[node] < threshold) {
        if (bits.bit() == 1) {
          known[node] = true;
        } else {
          values[node]++;
        }
      }
      low = values[node];
    }
    return known[node] && values[node] < threshold;
  }
}
