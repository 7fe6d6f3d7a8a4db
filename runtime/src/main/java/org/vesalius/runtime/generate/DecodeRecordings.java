package org.vesalius.runtime.generate;

import java.util.HashMap;
import java.util.Map;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Recording;
import org.vesalius.runtime.layers.Step;

/**
 * Steps in which every sequence has one generated token, recorded once for each shape that they
 * have. The tensors of these steps are always at the same place, and how many pages a sequence has
 * is rounded up, so there are few. Not for several threads at once.
 */
final class DecodeRecordings implements AutoCloseable {
  /**
   * What else than contents differs between two such steps.
   *
   * @param likeliest how many rows of logits become their likeliest token
   * @param drawn how many become a token that is drawn
   * @param rows how many there are
   */
  record Results(int likeliest, int drawn, int rows) {}

  private record Shape(int sequences, int pages, Results results) {}

  /** Beyond that those are dropped that are recorded already: each holds memory of a device. */
  private static final int MOST = 64;

  private final Kernels kernels;
  private final Map<Shape, Recording> recordings = new HashMap<>();
  private int slabs;

  DecodeRecordings(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * The recording for a step's shape.
   *
   * @param operations the step, to be recorded if there is none yet
   */
  Recording of(Step step, Results results, Runnable operations) {
    KeyValues.Paged cache = step.cache(0);
    if (cache.keys().size() != slabs) {
      // The cache has grown: what was recorded does not know the new memory.
      close();
      slabs = cache.keys().size();
    }
    Shape shape = new Shape(step.tokens(), cache.pageTable().columns(), results);
    if (recordings.size() == MOST && !recordings.containsKey(shape)) {
      close();
    }
    return recordings.computeIfAbsent(shape, _ -> kernels.record(operations));
  }

  @Override
  public void close() {
    recordings.values().forEach(Recording::close);
    recordings.clear();
  }
}
