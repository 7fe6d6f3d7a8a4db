package org.vesalius.runtime.layers;

import java.lang.foreign.Arena;
import org.vesalius.kernels.Weight;
import org.vesalius.kernels.WorkerPool;
import org.vesalius.kernels.quantize.Quantizer;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.WeightFormat;

/** Gives matrices another format while a model is opened; the result lives in an arena. */
public final class QuantizingConversion implements MatrixConversion {
  private final WeightFormat format;
  private final Quantizer quantizer;
  private final Arena memory;

  /**
   * A conversion.
   *
   * @param pool the threads that compute it
   * @param memory holds the result
   */
  public QuantizingConversion(WeightFormat format, WorkerPool pool, Arena memory) {
    this.format = format;
    this.quantizer = new Quantizer(pool);
    this.memory = memory;
  }

  @Override
  public Weight convert(String tensor, MatrixRole role, Weight stored) {
    try {
      return switch (role.format(format)) {
        case AS_STORED -> stored;
        case BF16 -> isBrainFloat(stored) ? stored : quantizer.bf16(stored, memory);
        case FP8 -> quantizer.fp8(stored, memory);
        case INT8 -> quantizer.int8(stored, memory);
        case INT4 -> quantizer.int4(stored, memory);
      };
    } catch (IllegalArgumentException e) {
      throw new UnsupportedModelException(
          "tensor \"" + tensor + "\" cannot be " + format + ": " + e.getMessage());
    }
  }

  private static boolean isBrainFloat(Weight stored) {
    return stored instanceof Weight.BF16
        || (stored instanceof Weight.Transposed(Weight inner) && inner instanceof Weight.BF16);
  }
}
