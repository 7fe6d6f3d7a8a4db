package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vesalius.kernels.KeyValues;
import org.vesalius.kernels.Recording;
import org.vesalius.runtime.layers.DecoderStage;
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

  private final List<DecoderStage> stages;

  /** Of each stage one. */
  private final Map<Shape, List<Recording>> recordings = new HashMap<>();

  private int slabs;

  DecodeRecordings(List<DecoderStage> stages) {
    this.stages = stages;
  }

  /**
   * What runs each stage of a step, as it is recorded for the step's shape.
   *
   * @param operations of each stage, to be recorded if they are not yet
   */
  List<Runnable> of(Step step, Results results, List<Runnable> operations) {
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
    return recordings.computeIfAbsent(shape, _ -> record(operations)).stream()
        .<Runnable>map(recording -> recording::run)
        .toList();
  }

  private List<Recording> record(List<Runnable> operations) {
    List<Recording> recorded = new ArrayList<>();
    for (int stage = 0; stage < operations.size(); stage++) {
      recorded.add(stages.get(stage).kernels().record(operations.get(stage)));
    }
    return recorded;
  }

  @Override
  public void close() {
    recordings.values().forEach(ofStages -> ofStages.forEach(Recording::close));
    recordings.clear();
  }
}
