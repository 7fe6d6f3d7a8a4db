package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Tensor;

/**
 * Starts kernels. Arguments are written to one block of native memory, eight bytes each, to which a
 * fixed list of addresses points, so that a launch makes no garbage; the driver has copied them
 * when a launch returns.
 */
final class Launcher implements AutoCloseable {
  private static final int MOST_ARGUMENTS = 48;

  private static final int LARGEST_GRID_Y = 65_535;

  /** A kernel of the module. */
  static final class Function {
    private final String name;
    private final CUfunction handle = new CUfunction();
    private int shared;

    private Function(String name) {
      this.name = name;
    }
  }

  private final Device device;
  private final DeviceMemory memory;
  private final CUmodule module = new CUmodule();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment arguments = arena.allocate(8L * MOST_ARGUMENTS, 16);
  private final HostPointer addresses;
  private int count;
  private boolean loaded;

  Launcher(Device device, DeviceMemory memory) {
    this.device = device;
    this.memory = memory;
    MemorySegment list = arena.allocate(8L * MOST_ARGUMENTS, 16);
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      list.setAtIndex(ValueLayout.JAVA_LONG, i, arguments.address() + 8L * i);
    }
    addresses = new HostPointer(list.address());
    try {
      byte[] image = ModuleImage.read(device.found().driverVersion());
      Driver.check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, image));
      loaded = true;
    } catch (IOException e) {
      arena.close();
      throw new DeviceException("cuda: the compiled kernels cannot be read: " + e, e);
    } catch (DeviceException e) {
      arena.close();
      throw e;
    }
  }

  /** A kernel by its name without the prefix. */
  Function function(String name) {
    Function function = new Function("vesalius_" + name);
    int result = JCudaDriver.cuModuleGetFunction(function.handle, module, function.name);
    if (result != 0) {
      throw new DeviceException(
          "cuda: the kernel "
              + function.name
              + ": "
              + Driver.describe("cuModuleGetFunction", result)
              + "; build Vesalius again, all of it",
          null);
    }
    return function;
  }

  /** Adds an address. */
  Launcher with(long address) {
    arguments.setAtIndex(ValueLayout.JAVA_LONG, count++, address);
    return this;
  }

  /** Adds the address of a tensor's first element, or 0 of none. */
  Launcher with(@Nullable Tensor tensor) {
    return with(memory.address(tensor));
  }

  /** Adds address and row stride of a tensor. */
  Launcher rows(Tensor tensor) {
    return with(memory.address(tensor)).with(tensor.stride());
  }

  /** Adds an integer. */
  Launcher with(int value) {
    arguments.set(ValueLayout.JAVA_INT, 8L * count++, value);
    return this;
  }

  /** Adds a number. */
  Launcher with(float value) {
    arguments.set(ValueLayout.JAVA_FLOAT, 8L * count++, value);
    return this;
  }

  /** How many blocks of {@code size} hold {@code count}. */
  static int blocks(long count, int size) {
    return Math.toIntExact((count + size - 1) / size);
  }

  /** Forgets the arguments of a call that failed before its launch. */
  void begin() {
    device.use();
    count = 0;
  }

  /** Starts a kernel with the arguments so far. A grid with a zero is nothing to do. */
  void run(Function function, int x, int y, int z, int block, int shared) {
    count = 0;
    if (x == 0 || y == 0 || z == 0) {
      return;
    }
    if (y > LARGEST_GRID_Y || z > LARGEST_GRID_Y) {
      throw new IllegalArgumentException(
          function.name
              + ": expected a grid of at most "
              + LARGEST_GRID_Y
              + " by "
              + LARGEST_GRID_Y
              + " beyond its first dimension, found "
              + y
              + " by "
              + z
              + "; take a smaller batch");
    }
    if (shared > function.shared) {
      Driver.check(
          "cuFuncSetAttribute of " + function.name,
          JCudaDriver.cuFuncSetAttribute(
              function.handle,
              CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
              shared));
      function.shared = shared;
    }
    device.queued(
        "cuLaunchKernel",
        function.name,
        JCudaDriver.cuLaunchKernel(
            function.handle, x, y, z, block, 1, 1, shared, device.stream(), addresses, null));
  }

  /** As {@link #run(Function, int, int, int, int, int)} without shared memory. */
  void run(Function function, int x, int y, int block) {
    run(function, x, y, 1, block, 0);
  }

  @Override
  public void close() {
    if (loaded) {
      loaded = false;
      JCudaDriver.cuModuleUnload(module);
      arena.close();
    }
  }
}
