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

  /** What is checked at once. */
  private enum Part {
    /** All but FP8, before anything else. */
    COMMON,
    /** FP8 when it is wanted, because what computes it wrong can be used for all the rest. */
    SMALL,
    /** FP8 with cuBLASLt, without which there are kernels of ours. */
    LIGHT
  }

  /** What was looked at. */
  private record Subject(int ordinal, String image, Part part) {
    static Subject of(Probe.Found found, Part part) {
      return new Subject(found.ordinal(), ModuleImage.name(found.driverVersion()), part);
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
    String wrong =
        KNOWN.computeIfAbsent(Subject.of(found, Part.COMMON), _ -> wrong(() -> run(kernels)));
    if (!wrong.isEmpty()) {
      throw new DeviceException(message(found, wrong), null);
    }
  }

  /**
   * Checks products with {@link org.vesalius.kernels.Weight.Fp8} if that has not been done. Where
   * they are wrong with cuBLASLt, the kernels do without it from then on.
   *
   * @throws DeviceException naming operation, shape, expected and found if something is wrong
   */
  static void requireSmall(Probe.Found found, CudaKernels kernels, SmallFloats floats) {
    if (floats.library() != null) {
      String wrong;
      try {
        wrong = small(found, kernels, floats, Part.LIGHT);
      } catch (DeviceException e) {
        // Its failure alone, or else what follows fails as well.
        wrong = String.valueOf(e.getMessage());
      }
      if (wrong.isEmpty()) {
        return;
      }
      floats.refuse(wrong);
    }
    String wrong = small(found, kernels, floats, Part.SMALL);
    if (!wrong.isEmpty()) {
      throw new DeviceException(
          "device "
              + found.ordinal()
              + ", "
              + found.name()
              + ", computes wrong numbers with weights of FP8: "
              + wrong
              + "; take weights of int8",
          null);
    }
  }

  private static String small(
      Probe.Found found, CudaKernels kernels, SmallFloats floats, Part part) {
    return KNOWN.computeIfAbsent(
        Subject.of(found, part),
        _ -> {
          long before = floats.products();
          String wrong = wrong(() -> runSmall(kernels));
          boolean idle = part == Part.LIGHT && floats.products() == before;
          return wrong.isEmpty() && idle
              ? "it has no algorithm for any product of the check"
              : wrong;
        });
  }

  /** What an earlier check found wrong, as {@link #require} says it. */
  static Optional<String> known(Probe.Found found) {
    return Optional.ofNullable(KNOWN.get(Subject.of(found, Part.COMMON)))
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

  private static String wrong(Runnable check) {
    try {
      check.run();
      return "";
    } catch (Comparison.WrongResultException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Runs all cases but those of FP8.
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

  /**
   * Runs those of FP8.
   *
   * @throws Comparison.WrongResultException with the first that is wrong
   */
  static void runSmall(CudaKernels kernels) {
    try (Kernels definition = Backends.open("reference", new KernelOptions(1))) {
      Comparison comparison = new Comparison(definition, kernels, kernels::free, SEED);
      CheckedRows.runSmall(comparison);
      CheckedProducts.runSmall(comparison);
    }
  }
}
