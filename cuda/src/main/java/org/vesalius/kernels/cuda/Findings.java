package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.KernelOptions;

/** What there is of devices, driver and cuBLAS, for people who look for what is wrong. */
@SuppressWarnings("restricted") // who opens the backend gives access
final class Findings {
  private static final Path DRIVER = Path.of("/sys/module/nvidia/version");

  private Findings() {}

  /** A line for each; none where the probe refused. */
  static List<String> all() {
    List<String> lines = new ArrayList<>();
    if (Probe.outcome() instanceof Probe.Outcome.Works(List<Probe.Found> found, String _)) {
      Probe.Found first = found.getFirst();
      lines.add(driver(first));
      lines.add("cuBLAS " + version(first.blas()) + ", " + place(first.blas()));
      try {
        int count = Probe.count();
        for (int ordinal = 0; ordinal < count; ordinal++) {
          lines.add("device " + ordinal + ": " + device(ordinal));
        }
      } catch (UnavailableException e) {
        lines.add(e.reason());
      }
    }
    return lines;
  }

  private static String driver(Probe.Found found) {
    String driver = "driver for CUDA " + Probe.version(found.driverVersion());
    try {
      return driver + ", version " + Files.readString(DRIVER).strip();
    } catch (IOException e) {
      // Not where the kernel has no such module, as under WSL.
      return driver;
    }
  }

  /** What the library says about itself. */
  private static String version(Probe.Cublas blas) {
    MethodHandle property =
        Linker.nativeLinker()
            .downcallHandle(
                blas.library().symbols().findOrThrow("cublasGetProperty"),
                FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    List<String> parts = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      for (int part = 0; part < 3; part++) {
        int result = (int) property.invokeExact(part, value);
        if (result != 0) {
          return String.valueOf(blas.major());
        }
        parts.add(String.valueOf(value.get(JAVA_INT, 0)));
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("cublasGetProperty", e);
    }
    return String.join(".", parts);
  }

  /** The file that the process has mapped where the library is. */
  private static String place(Probe.Cublas blas) {
    long address = blas.library().symbols().findOrThrow("cublasCreate_v2").address();
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-", 2);
        int path = line.indexOf('/');
        if (path >= 0
            && Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
            && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0) {
          return line.substring(path);
        }
      }
    } catch (IOException e) {
      return blas.library().place();
    }
    return blas.library().place();
  }

  private static String device(int ordinal) {
    return switch (Probe.outcome(new KernelOptions(1).withDevice(ordinal))) {
      case Probe.Outcome.Refused(String reason, Optional<Throwable> _) -> reason;
      case Probe.Outcome.Works(List<Probe.Found> devices, String _) -> {
        Probe.Found found = devices.getFirst();
        String named =
            found.name()
                + ", compute capability "
                + found.capability() / 10
                + "."
                + found.capability() % 10;
        try (Device device = new Device(found)) {
          long[] memory = DeviceMemory.info();
          yield named
              + ", "
              + DeviceMemory.size(memory[1])
              + ", "
              + DeviceMemory.size(memory[0])
              + " free; "
              + checked(device.found());
        } catch (DeviceException e) {
          yield named + "; " + e.getMessage();
        }
      }
    };
  }

  private static String small(CudaKernels kernels) {
    try {
      return "FP8 by " + kernels.describeSmall();
    } catch (DeviceException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Whether it computes as it should, which opening finds out. */
  private static String checked(Probe.Found found) {
    long start = System.nanoTime();
    KernelOptions options = new KernelOptions(1).withDevice(found.ordinal());
    try (CudaKernels kernels = CudaKernels.open(options, List.of(found))) {
      long milliseconds = (System.nanoTime() - start) / 1_000_000;
      return "computes what it should (opened and checked in "
          + milliseconds
          + " ms); "
          + small(kernels);
    } catch (DeviceException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
