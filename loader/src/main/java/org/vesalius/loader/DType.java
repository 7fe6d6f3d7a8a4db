package org.vesalius.loader;

import java.util.Arrays;
import java.util.Optional;

/**
 * A stored element type of the safetensors format; the constants carry the format's own names.
 *
 * <p>These are all types of safetensors 0.8.0 (its reader names them when it refuses an unknown
 * one). Multi-byte elements are little-endian. {@code F4}, {@code F6_E2M3} and {@code F6_E3M2} are
 * smaller than a byte: elements are packed without padding, and a tensor must fill whole bytes.
 */
public enum DType {
  BOOL(8),
  F4(4),
  F6_E2M3(6),
  F6_E3M2(6),
  U8(8),
  I8(8),
  F8_E5M2(8),
  F8_E4M3(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  I16(16),
  U16(16),
  F16(16),
  BF16(16),
  I32(32),
  U32(32),
  F32(32),
  C64(64),
  F64(64),
  I64(64),
  U64(64);

  private final int bitSize;

  DType(int bitSize) {
    this.bitSize = bitSize;
  }

  /** Bits of one element. */
  public int bitSize() {
    return bitSize;
  }

  /** The type of this name as written in a header; the match is exact, as the format's is. */
  public static Optional<DType> find(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * The type of this name as written in a header.
   *
   * @throws ModelFormatException naming the unknown type and listing the known ones
   */
  public static DType of(String name) {
    return find(name)
        .orElseThrow(() ->
            new ModelFormatException(
                "safetensors dtype: expected one of "
                    + Arrays.toString(values())
                    + ", found "
                    + Quote.of(name)));
  }
}
