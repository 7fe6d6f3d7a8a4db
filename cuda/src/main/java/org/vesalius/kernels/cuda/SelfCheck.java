package org.vesalius.kernels.cuda;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;

/**
 * Lets a device compute a small case of every kind and compares with the backend {@code reference},
 * before anybody relies on it: a device, a driver or a compiler may do something else than those
 * that the kernels were tested with, and nobody may get wrong answers because of that.
 *
 * <p>A device is checked once for a module image in this process (in this class loader, to be
 * exact). What was wrong stays wrong; what merely failed, as memory that others hold, is tried
 * again with the next opening.
 */
final class SelfCheck {
  private static final long SEED = 20_251_122;

  private static final String REMEDY =
      "; update NVIDIA's driver, and if that does not help, report this with what doctor shows";

  /** What was looked at. */
  private record Subject(int ordinal, String image) {
    static Subject of(Probe.Found found) {
      return new Subject(found.ordinal(), ModuleImage.name(found.driverVersion()));
    }
  }

  /** What was wrong, or nothing: known for the process like {@link Probe}'s outcome. */
  private static final Map<Subject, String> KNOWN = new ConcurrentHashMap<>();

  private SelfCheck() {}

  /**
   * Checks a device if that has not been done.
   *
   * @throws DeviceException naming operation, shape, expected and found if something is wrong
   */
  static void require(Probe.Found found, CudaKernels kernels) {
    String wrong = KNOWN.computeIfAbsent(Subject.of(found), _ -> wrong(kernels));
    if (!wrong.isEmpty()) {
      throw new DeviceException(message(found, wrong), null);
    }
  }

  /** What an earlier check found wrong, as {@link #require} says it. */
  static Optional<String> known(Probe.Found found) {
    return Optional.ofNullable(KNOWN.get(Subject.of(found)))
        .filter(wrong -> !wrong.isEmpty())
        .map(wrong -> message(found, wrong));
  }

  private static String message(Probe.Found found, String wrong) {
    return "device "
        + found.ordinal()
        + ", "
        + found.name()
        + ", computes wrong numbers and is not used: "
        + wrong
        + REMEDY;
  }

  private static String wrong(CudaKernels kernels) {
    try {
      run(kernels);
      return "";
    } catch (Comparison.WrongResultException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Runs all cases.
   *
   * @throws Comparison.WrongResultException with the first that is wrong
   */
  static void run(CudaKernels kernels) {
    try (Kernels definition = Backends.open("reference", new KernelOptions(1))) {
      Comparison comparison = new Comparison(definition, kernels, kernels::free, SEED);
      CheckedRows.run(comparison);
      CheckedProducts.run(comparison);
      CheckedAttention.run(comparison);
    }
  }
}
