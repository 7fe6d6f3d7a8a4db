package org.vesalius.clinical.imaging.grey;

/**
 * Stored values that stand for no measurement, such as those around the circle that a scanner sees:
 * Pixel Padding Value and Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2).
 *
 * @param first smallest such value
 * @param last largest such value
 */
public record Padding(int first, int last) {
  /** There is none. */
  public static final Padding NONE = new Padding(1, 0);

  /** All values between the two, in either order. */
  public static Padding between(int one, int other) {
    return new Padding(Math.min(one, other), Math.max(one, other));
  }

  /** Whether a stored value is one. */
  public boolean contains(int stored) {
    return stored >= first && stored <= last;
  }

  /** Whether there is such a value. */
  public boolean exists() {
    return first <= last;
  }
}
