package org.vesalius.bench.quality;

import java.nio.file.Path;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.WeightFormat;

/**
 * A way to run a model.
 *
 * @param name in the table
 * @param model its folder
 * @param weights what they are rounded to on opening
 * @param cache the format of keys and values
 * @param backend what computes it
 */
record Candidate(String name, Path model, WeightFormat weights, CacheFormat cache, String backend) {
  OpenOptions options() {
    return OpenOptions.defaults().withBackend(backend).withWeights(weights).withCacheFormat(cache);
  }
}
