package org.vesalius.nativekernels;

import java.nio.ByteOrder;
import java.util.Optional;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MachineLimits;

/**
 * The backend {@code native}: compiled kernels with the best instruction set that the processor
 * has, or the one that the environment variable {@code VESALIUS_ISA} names.
 */
public final class NativeBackend implements Backend {

  @Override
  public String name() {
    return "native";
  }

  @Override
  public int priority() {
    return 20;
  }

  @Override
  public BackendStatus probe() {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return new BackendStatus.Unavailable(
          "checkpoints are little endian and this processor is not", Optional.empty());
    }
    return switch (LoadedLibrary.outcome()) {
      case LoadedLibrary.Outcome.Works works ->
          new BackendStatus.Available(
              NativeKernels.detail(works.isa(), KernelOptions.defaults().threads()));
      case LoadedLibrary.Outcome.Refused(String reason, Optional<Throwable> cause) ->
          new BackendStatus.Unavailable(reason, cause);
    };
  }

  @Override
  public Kernels open(KernelOptions options) {
    if (probe() instanceof BackendStatus.Unavailable unavailable) {
      throw new BackendUnavailableException(
          "backend native: " + unavailable.reason(), unavailable.cause().orElse(null));
    }
    // A tenth of a second of work for the JVM, which can be had while the caller reads its files.
    Thread.ofPlatform().daemon().name("native-binding").start(NativeLibrary::bind);
    return new NativeKernels(options);
  }

  @Override
  public MachineLimits limits() {
    return probe() instanceof BackendStatus.Available ? new NativeLimits() : Backend.super.limits();
  }
}
