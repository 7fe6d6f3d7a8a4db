package org.vesalius.test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.runtime.layers.LayerObserver;

/** Keeps the rows of every activation that a run shows, in order, over all its steps and images. */
final class Capture implements LayerObserver {
  private final Map<String, List<float[]>> rows = new HashMap<>();

  @Override
  public void observe(Kernels kernels, String name, Tensor x) {
    List<float[]> list = rows.computeIfAbsent(name, _ -> new ArrayList<>());
    for (int r = 0; r < x.rows(); r++) {
      float[] row = new float[x.columns()];
      kernels.read(row, x.rows(r, 1));
      list.add(row);
    }
  }

  Set<String> names() {
    return rows.keySet();
  }

  List<float[]> rows(String name) {
    return rows.getOrDefault(name, List.of());
  }
}
