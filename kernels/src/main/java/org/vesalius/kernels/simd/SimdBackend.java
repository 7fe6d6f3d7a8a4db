package org.vesalius.kernels.simd;

import java.nio.ByteOrder;
import java.util.Optional;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MachineLimits;

/**
 * The backend {@code simd}: Java's Vector API, for any processor with vectors of 128 bits or more.
 */
public final class SimdBackend implements Backend {
  private static final String MODULE = "jdk.incubator.vector";

  @Override
  public String name() {
    return "simd";
  }

  @Override
  public int priority() {
    return 10;
  }

  @Override
  public BackendStatus probe() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return new BackendStatus.Unavailable(
          "the module " + MODULE + " is not there; start the JVM with --add-modules " + MODULE,
          Optional.empty());
    }
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return new BackendStatus.Unavailable(
          "checkpoints are little endian and this processor is not", Optional.empty());
    }
    try {
      int bits = Lanes.BITS;
      return bits >= 128
          ? new BackendStatus.Available(bits + "-bit vectors")
          : new BackendStatus.Unavailable(
              "this JVM computes with vectors of " + bits + " bits here; at least 128 are needed",
              Optional.empty());
    } catch (LinkageError e) {
      return new BackendStatus.Unavailable(
          "the Vector API of this JVM does not fit; Vesalius is built for JDK 25", Optional.of(e));
    }
  }

  @Override
  public Kernels open(KernelOptions options) {
    if (probe() instanceof BackendStatus.Unavailable unavailable) {
      throw new BackendUnavailableException(
          "backend simd: " + unavailable.reason(), unavailable.cause().orElse(null));
    }
    return new SimdKernels(options);
  }

  @Override
  public MachineLimits limits() {
    return probe() instanceof BackendStatus.Available ? new VectorLimits() : Backend.super.limits();
  }
}
