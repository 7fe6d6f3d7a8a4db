package org.vesalius.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a model is going to take of the memory of devices, in bytes, in the order in which it
 * computes: so it can be said how its layers are split over several.
 *
 * @param first what the first device holds beside layers: embeddings, whatever encodes pictures
 * @param together how many layers from the first on belong on the first device
 * @param layers of each layer its weights, keys and values
 * @param last what the last device holds beside layers: the output head
 * @param copied what lies on the first device and, if that is another one, again on the last: a
 *     head that is the embedding too
 * @param each what every device holds: activations
 */
public record MemoryDemand(
    long first, int together, List<Long> layers, long last, long copied, long each) {

  /** Of what is not known. */
  public static final MemoryDemand NONE = of(0);

  /** Keeps a copy of the list. */
  public MemoryDemand {
    layers = List.copyOf(layers);
    long least = layers.stream().mapToLong(Long::longValue).min().orElse(0);
    if (Math.min(Math.min(first, least), Math.min(last, Math.min(copied, each))) < 0
        || together < 0) {
      throw new IllegalArgumentException("memory demand: expected no negative numbers");
    }
  }

  /** So many bytes that cannot be split. */
  public static MemoryDemand of(long bytes) {
    return new MemoryDemand(bytes, 0, List.of(), 0, 0, 0);
  }

  /** All of it on one device. */
  public long bytes() {
    return bytes(1);
  }

  /** All of it on so many devices together. */
  public long bytes(int devices) {
    long ofLayers = layers.stream().mapToLong(Long::longValue).sum();
    return first + ofLayers + last + devices * each + (devices > 1 ? copied : 0);
  }

  /** Over how many devices it can be split at most. */
  public int mostDevices() {
    return Math.max(1, layers.size() + 1 - Math.max(1, together));
  }

  /**
   * How many layers each of several devices takes, one after the other and at least one each, so
   * that the fullest is as empty as possible; nothing if they don't fit.
   *
   * @param room bytes that each device has, in the order of the layers
   */
  public Optional<List<Integer>> split(List<Long> room) {
    int count = layers.size();
    int devices = room.size();
    if (devices == 0 || count < devices) {
      return Optional.empty();
    }
    long[] before = new long[count + 1];
    for (int layer = 0; layer < count; layer++) {
      before[layer + 1] = before[layer] + layers.get(layer);
    }
    // fullest[d][end]: how full the fullest of the first d devices is when they have `end` layers.
    double[][] fullest = new double[devices + 1][count + 1];
    int[][] begin = new int[devices + 1][count + 1];
    for (double[] row : fullest) {
      Arrays.fill(row, Double.POSITIVE_INFINITY);
    }
    fullest[0][0] = 0;
    for (int device = 0; device < devices; device++) {
      for (int end = device == 0 ? Math.max(1, together) : 1; end <= count; end++) {
        for (int from = 0; from < end; from++) {
          double full =
              Math.max(
                  fullest[device][from],
                  (double) held(device, devices, before[end] - before[from])
                      / Math.max(1, room.get(device)));
          if (full < fullest[device + 1][end]) {
            fullest[device + 1][end] = full;
            begin[device + 1][end] = from;
          }
        }
      }
    }
    if (!(fullest[devices][count] <= 1)) {
      return Optional.empty();
    }
    List<Integer> counts = new ArrayList<>();
    for (int device = devices, end = count; device > 0; device--) {
      counts.add(end - begin[device][end]);
      end = begin[device][end];
    }
    Collections.reverse(counts);
    return Optional.of(List.copyOf(counts));
  }

  private long held(int device, int devices, long ofLayers) {
    long bytes = each + ofLayers + (device == 0 ? first : 0);
    return device < devices - 1 ? bytes : bytes + last + (devices > 1 ? copied : 0);
  }
}
