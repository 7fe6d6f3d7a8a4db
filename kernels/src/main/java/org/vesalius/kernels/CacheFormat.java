package org.vesalius.kernels;

/**
 * How the cache stores keys and values.
 *
 * <p>A row is one head of one token. What is stored is the definition: attention reads the stored
 * numbers exactly, and {@link Kernels#rotateAndCache} says how it rounds.
 */
public enum CacheFormat {
  /** As they were computed. */
  F32(ElementType.F32, false),
  /** bfloat16, rounded to the nearest, of two equally near to the even one. */
  BF16(ElementType.BF16, false),
  /** Signed bytes with one F32 scale for each row. */
  INT8(ElementType.I8, true);

  private final ElementType elementType;
  private final boolean scaled;

  CacheFormat(ElementType elementType, boolean scaled) {
    this.elementType = elementType;
    this.scaled = scaled;
  }

  /** The elements of the slabs. */
  public ElementType elementType() {
    return elementType;
  }

  /** Whether each row has a scale. */
  public boolean scaled() {
    return scaled;
  }

  /** Bytes of a row of {@code headSize} numbers, its scale included. */
  public int rowBytes(int headSize) {
    return headSize * elementType.byteSize() + (scaled ? ElementType.F32.byteSize() : 0);
  }

  /**
   * The format whose slabs have this element type.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static CacheFormat of(ElementType type) {
    return switch (type) {
      case F32 -> F32;
      case BF16 -> BF16;
      case I8 -> INT8;
      case I32 ->
          throw new IllegalArgumentException(
              "cache: expected slabs F32, BF16 or I8, found " + type);
    };
  }
}
