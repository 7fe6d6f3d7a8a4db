package org.vesalius.kernels.reference;

import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;

/** The backend of the {@code reference} package, which works everywhere. */
public final class ReferenceBackend implements Backend {

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public BackendStatus probe() {
    return new BackendStatus.Available("scalar Java, double accumulation");
  }

  @Override
  public Kernels open(KernelOptions options) {
    return new ReferenceKernels(options);
  }
}
