package org.vesalius.clinical.imaging.nifti;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a voxel of a NIfTI file holds, by the codes of {@code nifti1.h}. */
enum NiftiType {
  UINT8(2, 8),
  INT16(4, 16),
  INT32(8, 32),
  FLOAT32(16, 32),
  FLOAT64(64, 64),
  RGB24(128, 24),
  INT8(256, 8),
  UINT16(512, 16),
  UINT32(768, 32),
  INT64(1024, 64),
  UINT64(1280, 64),
  RGBA32(2304, 32);

  private final int code;
  private final int bits;

  NiftiType(int code, int bits) {
    this.code = code;
    this.bits = bits;
  }

  /**
   * The type of a code.
   *
   * @throws NiftiFormatException if it is unknown, or one that is not read
   */
  static NiftiType of(int code, int bits, String origin) {
    NiftiType type =
        Arrays.stream(values())
            .filter(known -> known.code == code)
            .findFirst()
            .orElseThrow(() ->
                new NiftiFormatException(
                    origin,
                    "datatype %d (%s) is not supported; expected one of %s"
                        .formatted(
                            code,
                            name(code),
                            Arrays.stream(values())
                                .map(NiftiType::label)
                                .collect(Collectors.joining(", ")))));
    if (bits != type.bits) {
      throw new NiftiFormatException(
          origin,
          "bitpix: expected %d for datatype %s, found %d".formatted(type.bits, type.label(), bits));
    }
    return type;
  }

  private static String name(int code) {
    return switch (code) {
      case 1 -> "binary";
      case 32 -> "complex64";
      case 1536 -> "float128";
      case 1792 -> "complex128";
      case 2048 -> "complex256";
      default -> "unknown";
    };
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  int bytes() {
    return bits / 8;
  }

  boolean isColour() {
    return this == RGB24 || this == RGBA32;
  }

  boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64;
  }

  /** The number at byte {@code at}, in the order of the buffer; not for colours. */
  double value(ByteBuffer data, int at) {
    return switch (this) {
      case UINT8 -> data.get(at) & 0xff;
      case INT8 -> data.get(at);
      case INT16 -> data.getShort(at);
      case UINT16 -> data.getShort(at) & 0xffff;
      case INT32 -> data.getInt(at);
      case UINT32 -> data.getInt(at) & 0xffff_ffffL;
      case INT64 -> (double) data.getLong(at);
      case UINT64 -> unsigned(data.getLong(at));
      case FLOAT32 -> data.getFloat(at);
      case FLOAT64 -> data.getDouble(at);
      case RGB24, RGBA32 -> throw new IllegalStateException("colours are no numbers");
    };
  }

  /** Rounded once: the lowest bit stands for all that are shifted out. */
  private static double unsigned(long value) {
    return value >= 0 ? (double) value : 2.0 * (double) ((value >>> 1) | (value & 1));
  }
}
