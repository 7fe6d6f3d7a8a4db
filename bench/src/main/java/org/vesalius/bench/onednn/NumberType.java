package org.vesalius.bench.onednn;

/** A number format of oneDNN; the codes are those of {@code dnnl_data_type_t}. */
public enum NumberType {
  F32(3, 32),
  BF16(2, 16),
  S8(5, 8),
  U8(6, 8),
  U4(12, 4);

  private final int code;
  private final int bits;

  NumberType(int code, int bits) {
    this.code = code;
    this.bits = bits;
  }

  int code() {
    return code;
  }

  long bytes(long elements) {
    return Math.ceilDiv(elements * bits, 8L);
  }
}
