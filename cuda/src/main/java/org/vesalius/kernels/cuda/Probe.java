package org.vesalius.kernels.cuda;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.MemoryDemand;

/**
 * What there is of driver, device and libraries, looked at once per class loader: without a
 * context, which would take memory of the device.
 */
final class Probe {
  /** Of CUDA, times 1000: the first driver that compiles the shipped PTX. */
  private static final int OLDEST_DRIVER = 12040;

  private static final String DRIVER_REMEDY = "install NVIDIA's driver 550 or later";

  /** Compute capability, times 10. */
  private static final int OLDEST_DEVICE = 80;

  /** What became of looking. */
  sealed interface Outcome {

    /** All is there: a device, or several that layers are split over. */
    record Works(List<Found> devices, String detail) implements Outcome {}

    /** Something is missing. */
    record Refused(String reason, Optional<Throwable> cause) implements Outcome {}
  }

  /**
   * A device that can be used.
   *
   * @param ordinal the driver's number of it
   * @param name for people
   * @param capability compute capability, times 10
   * @param driverVersion of CUDA, times 1000
   * @param blas cuBLAS
   */
  record Found(int ordinal, String name, int capability, int driverVersion, Cublas blas) {

    /** For people: {@code NVIDIA H200, sm_90, CUDA 12.6, cuBLAS 12}. */
    String description() {
      return name
          + ", sm_"
          + capability
          + ", CUDA "
          + version(driverVersion)
          + ", cuBLAS "
          + blas.major();
    }
  }

  /**
   * A cuBLAS.
   *
   * @param major its major version, 12 or 13
   */
  record Cublas(int major, SharedLibrary library) {

    /** cuBLASLt, which cuBLAS needs, so that it is loaded by now. */
    Optional<SharedLibrary> light() {
      return SharedLibrary.open(PackedLibraries.needed(major));
    }
  }

  /** Of cuBLAS, the preferred one first: JCuda has a binding of it. */
  private static final List<Integer> MAJORS = List.of(12, 13);

  private static final Outcome OUTCOME = look();

  private Probe() {}

  static Outcome outcome() {
    return OUTCOME;
  }

  // Whatever goes wrong here means that there is no such backend, and must not end the process.
  private static Outcome look() {
    try {
      requirePlatform();
      List<String> failures = new ArrayList<>();
      if (SharedLibrary.find("libcuda.so.1", null, failures).isEmpty()) {
        return new Outcome.Refused(
            "libcuda.so.1 not found" + inBrackets(failures) + "; " + DRIVER_REMEDY,
            Optional.empty());
      }
      ModuleImage.require();
      // The driver's binding needs cuBLAS' place, because both are loaded at once.
      failures.clear();
      Optional<Cublas> blas = cublas(failures);
      PrivateNatives.load(blas.isPresent() && blas.get().major() == 12);
      int driver = driverVersion();
      Found found = device(driver, 0, () -> blas.orElseThrow(() -> withoutCublas(failures)));
      return new Outcome.Works(List.of(found), found.description());
    } catch (UnavailableException e) {
      return new Outcome.Refused(e.reason(), Optional.ofNullable(e.getCause()));
    } catch (IllegalCallerException e) {
      return new Outcome.Refused(
          "this JVM denies native access; start it with --enable-native-access=ALL-UNNAMED",
          Optional.of(e));
    } catch (NoClassDefFoundError e) {
      return new Outcome.Refused(
          "a class is missing; put org.jcuda:jcuda and org.jcuda:jcublas on the class path",
          Optional.of(e));
    } catch (Throwable e) {
      return new Outcome.Refused(
          "CUDA cannot be looked at; report this with the cause", Optional.of(e));
    }
  }

  private static void requirePlatform() throws UnavailableException {
    String system = System.getProperty("os.name", "");
    String processor = System.getProperty("os.arch", "");
    if (!system.equals("Linux") || !processor.equals("amd64")) {
      throw new UnavailableException(
          "it needs Linux on x86-64, found "
              + system
              + " on "
              + processor
              + "; use the backend native here",
          null);
    }
  }

  private static String inBrackets(List<String> failures) {
    return failures.isEmpty() ? "" : " (" + String.join("; ", failures) + ")";
  }

  /** What is installed, or else what is on the class path. */
  private static Optional<Cublas> cublas(List<String> failures) {
    for (int major : MAJORS) {
      Optional<SharedLibrary> library =
          SharedLibrary.find(PackedLibraries.name(major), PackedLibraries.needed(major), failures);
      if (library.isPresent()) {
        return Optional.of(new Cublas(major, library.get()));
      }
    }
    for (int major : MAJORS) {
      Optional<SharedLibrary> library = PackedLibraries.load(major, failures);
      if (library.isPresent()) {
        return Optional.of(new Cublas(major, library.get()));
      }
    }
    return Optional.empty();
  }

  private static UnavailableException withoutCublas(List<String> failures) {
    Set<String> others = SharedLibrary.everyCublas();
    // Those that failed are named already.
    others.removeIf(other -> failures.stream().anyMatch(failure -> failure.contains(other)));
    return new UnavailableException(
        "libcublas.so.12 and libcublas.so.13 not found"
            + (others.isEmpty() ? "" : ", found " + String.join(", ", others))
            + inBrackets(failures)
            + "; install cuBLAS 12 or 13, name its folder by -Dvesalius.cuda.libraries=, or put "
            + PackedLibraries.ARTIFACT
            + " on the class path",
        null);
  }

  private static int driverVersion() throws UnavailableException {
    int[] version = new int[1];
    require("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
    if (version[0] < OLDEST_DRIVER) {
      throw new UnavailableException(
          "the driver is for CUDA "
              + version(version[0])
              + ", needed is "
              + version(OLDEST_DRIVER)
              + " or later; "
              + DRIVER_REMEDY,
          null);
    }
    return version[0];
  }

  /**
   * The devices that the options name, or else the first, or as many as a model needs whose layers
   * can be split: with as much memory as is wanted, which is asked for only if there are such
   * devices.
   */
  static Outcome outcome(KernelOptions options) {
    if (!(OUTCOME instanceof Outcome.Works works)) {
      return OUTCOME;
    }
    try {
      List<Found> devices = new ArrayList<>();
      for (int ordinal : options.devices()) {
        devices.add(device(ordinal));
      }
      boolean free = devices.isEmpty();
      if (free) {
        devices.add(works.devices().getFirst());
      }
      MemoryDemand demand = options.memory().get();
      if (devices.size() > demand.mostDevices() && !demand.layers().isEmpty()) {
        throw new UnavailableException(
            devices.size()
                + " devices are named and the model can be split over "
                + demand.mostDevices()
                + " at most; name fewer",
            null);
      }
      while (!fits(devices, demand)) {
        Optional<Found> more =
            free && devices.size() < demand.mostDevices() ? after(devices) : Optional.empty();
        if (more.isEmpty()) {
          throw tooLarge(devices, demand);
        }
        devices.add(more.get());
      }
      return new Outcome.Works(List.copyOf(devices), description(devices));
    } catch (UnavailableException e) {
      return new Outcome.Refused(e.reason(), Optional.ofNullable(e.getCause()));
    }
  }

  private static String description(List<Found> devices) {
    String first = devices.getFirst().description();
    return devices.size() == 1 ? first : devices.size() + " devices, the first " + first;
  }

  /** The next device that can be used and is not known to compute wrong, if there is one more. */
  static Optional<Found> after(List<Found> devices) {
    try {
      int count = count();
      for (int ordinal = devices.getLast().ordinal() + 1; ordinal < count; ordinal++) {
        try {
          Found found = device(ordinal);
          if (SelfCheck.known(found).isEmpty()) {
            return Optional.of(found);
          }
        } catch (UnavailableException _) {
          // Such as one that is too old: perhaps the next.
        }
      }
    } catch (UnavailableException _) {
      // The driver fails now; those that are there are all there is.
    }
    return Optional.empty();
  }

  private static boolean fits(List<Found> devices, MemoryDemand demand)
      throws UnavailableException {
    List<Long> totals = new ArrayList<>();
    for (Found device : devices) {
      totals.add(totalBytes(device));
    }
    return (devices.size() == 1 || demand.layers().isEmpty())
        ? demand.bytes() <= totals.getFirst()
        : demand.split(DeviceChain.usable(totals)).isPresent();
  }

  private static long totalBytes(Found found) throws UnavailableException {
    CUdevice device = new CUdevice();
    require("cuDeviceGet", JCudaDriver.cuDeviceGet(device, found.ordinal()));
    long[] total = new long[1];
    require("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(total, device));
    return total[0];
  }

  private static UnavailableException tooLarge(List<Found> devices, MemoryDemand demand)
      throws UnavailableException {
    List<String> parts = new ArrayList<>();
    for (Found device : devices) {
      parts.add(
          "device "
              + device.ordinal()
              + ", "
              + device.name()
              + ", has "
              + DeviceMemory.size(totalBytes(device)));
    }
    return new UnavailableException(refusal(demand, parts), null);
  }

  /** For people: what is needed, what each device has, and what to do about it. */
  static String refusal(MemoryDemand demand, List<String> devices) {
    return "about "
        + DeviceMemory.size(demand.bytes(devices.size()))
        + " are needed and "
        + String.join(", ", devices)
        + "; take fewer bits for weights or cache, a shorter context, or another backend";
  }

  /** How many devices the driver shows. */
  static int count() throws UnavailableException {
    int started = JCudaDriver.cuInit(0);
    int[] count = new int[1];
    if (started != CUresult.CUDA_ERROR_NO_DEVICE) {
      require("cuInit", started);
      require("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
    }
    if (count[0] == 0) {
      throw new UnavailableException(
          "the driver shows no device; see that nvidia-smi lists one and that"
              + " CUDA_VISIBLE_DEVICES does not hide it",
          null);
    }
    return count[0];
  }

  /** Where cuBLAS is, which is asked for last. */
  private interface Library {
    Cublas get() throws UnavailableException;
  }

  /** A device of a driver and cuBLAS that work. */
  private static Found device(int ordinal) throws UnavailableException {
    if (!(OUTCOME instanceof Outcome.Works works)) {
      throw new IllegalStateException("no device works");
    }
    Found first = works.devices().getFirst();
    return ordinal == first.ordinal() ? first : device(first.driverVersion(), ordinal, first::blas);
  }

  private static Found device(int driverVersion, int ordinal, Library blas)
      throws UnavailableException {
    int count = count();
    if (ordinal >= count) {
      throw new UnavailableException(
          "there is no device "
              + ordinal
              + ": the driver shows "
              + (count == 1 ? "one, device 0" : count + ", devices 0 to " + (count - 1))
              + "; name one of them",
          null);
    }
    CUdevice device = new CUdevice();
    require("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal));
    byte[] name = new byte[256];
    require("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device));
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    String called = new String(name, 0, length, StandardCharsets.UTF_8);
    int capability =
        10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    if (capability < OLDEST_DEVICE) {
      throw new UnavailableException(
          called
              + " has compute capability "
              + capability / 10
              + "."
              + capability % 10
              + ", needed is 8.0 or later; use the backend native here",
          null);
    }
    return new Found(ordinal, called, capability, driverVersion, blas.get());
  }

  private static int attribute(CUdevice device, int attribute) throws UnavailableException {
    int[] value = new int[1];
    require("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  private static void require(String function, int result) throws UnavailableException {
    if (result != CUresult.CUDA_SUCCESS) {
      throw new UnavailableException(
          Driver.describe(function, result) + "; see that nvidia-smi works, or restart the machine",
          null);
    }
  }

  /** For people: {@code 12.6} of 12060. */
  static String version(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}
