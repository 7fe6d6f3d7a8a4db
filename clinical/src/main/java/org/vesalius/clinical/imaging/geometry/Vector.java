package org.vesalius.clinical.imaging.geometry;

/** A point or a direction in the patient's space, in millimetres. */
public record Vector(double x, double y, double z) {

  /** The sum. */
  public Vector plus(Vector other) {
    return new Vector(x + other.x, y + other.y, z + other.z);
  }

  /** The difference. */
  public Vector minus(Vector other) {
    return new Vector(x - other.x, y - other.y, z - other.z);
  }

  /** This vector, {@code factor} times as long. */
  public Vector times(double factor) {
    return new Vector(factor * x, factor * y, factor * z);
  }

  /** The inner product. */
  public double dot(Vector other) {
    return x * other.x + y * other.y + z * other.z;
  }

  /** The cross product, at right angles to both. */
  public Vector cross(Vector other) {
    return new Vector(
        y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x);
  }

  /** The length. */
  public double length() {
    return Math.sqrt(dot(this));
  }

  /** The direction, of length 1. */
  public Vector unit() {
    double length = length();
    if (!(length > 0) || Double.isInfinite(length)) {
      throw new IllegalArgumentException("expected a vector with a direction, found " + this);
    }
    return times(1 / length);
  }
}
