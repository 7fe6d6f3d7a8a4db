package org.vesalius.runtime.layers;

/**
 * Frequencies that slow down as a sequence grows beyond the trained length ({@code
 * _compute_dynamic_ntk_parameters} of transformers 5.12.1). A prompt is rotated with the
 * frequencies of its whole length, however it is cut into chunks, and each generated token with
 * those of its own length; keys in the cache stay as they are.
 *
 * @param theta base of the frequencies within the trained length
 * @param factor how strongly the base grows
 * @param size number of rotated elements of a head
 * @param trainedLength tokens up to which nothing changes
 */
public record DynamicFrequencies(double theta, double factor, int size, int trainedLength) {

  /** The frequencies for a sequence of {@code length} tokens. */
  float[] at(int length) {
    if (length <= trainedLength) {
      return RotaryFrequencies.inverse(theta, size);
    }
    double growth = factor * length / trainedLength - (factor - 1);
    return RotaryFrequencies.inverse(theta * Math.pow(growth, size / (size - 2.0)), size);
  }
}
