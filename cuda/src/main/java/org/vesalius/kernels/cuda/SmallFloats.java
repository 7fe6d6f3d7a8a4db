package org.vesalius.kernels.cuda;

import org.jspecify.annotations.Nullable;

/**
 * What a device has for weights of FP8 beside kernels of ours: a library for many tokens, where
 * there is one that computes what it should. It is opened, and everything of FP8 checked, before
 * the first such weight.
 */
final class SmallFloats implements AutoCloseable {
  /** Compute capability, times 10, whose units kernels of ours reach. */
  private static final int OWN_UNITS = 89;

  private final Device device;
  private final DeviceMemory memory;
  private @Nullable LightProducts library;

  /** Why the library is not used although the device is one for it. */
  private String refused = "";

  /** Whether weights may be placed, as checking whether they may does. */
  private boolean ready;

  SmallFloats(Device device, DeviceMemory memory) {
    this.device = device;
    this.memory = memory;
  }

  /**
   * Opens and checks, if that has not been done.
   *
   * @throws DeviceException if what computes is wrong
   */
  void prepare(CudaKernels kernels) {
    if (ready) {
      return;
    }
    ready = true;
    boolean right = false;
    try {
      open();
      SelfCheck.requireSmall(device.found(), kernels, this);
      right = true;
    } finally {
      ready = right;
    }
  }

  private void open() {
    refused = "";
    try {
      if (library == null) {
        library = LightProducts.open(device, memory).orElse(null);
      }
    } catch (DeviceException e) {
      refuse(String.valueOf(e.getMessage()));
    }
  }

  /** What multiplies what it can, or null. */
  @Nullable LightProducts library() {
    return refused.isEmpty() ? library : null;
  }

  /** How many products the library has made. */
  long products() {
    return library == null ? 0 : library.products();
  }

  /** Does without the library from now on. */
  void refuse(String reason) {
    refused = reason;
  }

  /** For people: what multiplies many tokens. */
  String description() {
    if (library() != null) {
      return "cuBLASLt";
    }
    boolean units = device.found().capability() == OWN_UNITS;
    String own = units ? "kernels for its units" : "kernels by way of binary16";
    return refused.isEmpty() ? own : own + ", not by cuBLASLt: " + refused;
  }

  @Override
  public void close() {
    if (library != null) {
      library.close();
    }
  }
}
