package org.vesalius.runtime.generate;

import java.util.HashMap;
import java.util.Map;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Recording;
import org.vesalius.runtime.layers.Step;

/**
 * The steps of one token, recorded once for each shape that they have. The tensors of these steps
 * are always at the same place, and how many pages a sequence has is rounded up, so there are few.
 * Not for several threads at once.
 */
final class DecodeRecordings implements AutoCloseable {
  /** What else than contents differs between two steps of one token. */
  private record Shape(int pages, StepResult.Kind result) {}

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
  Recording of(Step step, StepResult result, Runnable operations) {
    KeyValues.Paged cache = step.cache(0);
    if (cache.keys().size() != slabs) {
      // The cache has grown: what was recorded does not know the new memory.
      close();
      slabs = cache.keys().size();
    }
    Shape shape = new Shape(cache.pageTable().columns(), result.kind());
    return recordings.computeIfAbsent(shape, _ -> kernels.record(operations));
  }

  @Override
  public void close() {
    recordings.values().forEach(Recording::close);
    recordings.clear();
  }
}
