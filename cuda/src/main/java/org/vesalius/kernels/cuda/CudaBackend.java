package org.vesalius.kernels.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.BackendUnavailableException;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.MachineLimits;

/**
 * The backend {@code cuda}: an NVIDIA GPU that the driver shows, the first unless another is asked
 * for, or several for a model that is too large for one, on Linux on x86-64.
 *
 * <p>System properties: {@code vesalius.cuda.libraries} names a folder in which libcuda.so.1 and
 * libcublas are looked for first, {@code vesalius.cuda.image} a file with the compiled kernels in
 * place of those in the jar, and {@code vesalius.cuda.debug=true} waits for every kernel, so that a
 * fault names the one that caused it.
 */
public final class CudaBackend implements Backend {

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int priority() {
    return 30;
  }

  @Override
  public BackendStatus probe() {
    return status(Probe.outcome());
  }

  @Override
  public BackendStatus probe(KernelOptions options) {
    return status(Probe.outcome(options));
  }

  @Override
  public boolean hasDevices() {
    return true;
  }

  @Override
  public List<String> findings() {
    return Findings.all();
  }

  @Override
  public MachineLimits limits() {
    return limits(KernelOptions.defaults());
  }

  /**
   * Of a device, the first of several; threads of the host count for nothing. Where there is none,
   * of plain Java.
   *
   * @throws DeviceException when measuring, if the device refuses
   */
  @Override
  public MachineLimits limits(KernelOptions options) {
    KernelOptions first =
        new KernelOptions(1).withDevices(options.devices().stream().limit(1).toList());
    return Probe.outcome(first) instanceof Probe.Outcome.Works works
        ? new DeviceLimits(works.devices().getFirst())
        : Backend.super.limits();
  }

  private static BackendStatus status(Probe.Outcome outcome) {
    return switch (outcome) {
      case Probe.Outcome.Works(List<Probe.Found> devices, String detail) ->
          devices.stream()
              .flatMap(device -> SelfCheck.known(device).stream())
              .findFirst()
              .<BackendStatus>map(wrong -> new BackendStatus.Unavailable(wrong, Optional.empty()))
              .orElseGet(() -> new BackendStatus.Available(detail));
      case Probe.Outcome.Refused(String reason, Optional<Throwable> cause) ->
          new BackendStatus.Unavailable(reason, cause);
    };
  }

  /** On as many devices as the model needs, if they are not named. */
  @Override
  public Kernels open(KernelOptions options) {
    return switch (Probe.outcome(options)) {
      case Probe.Outcome.Works(List<Probe.Found> devices, String _) -> {
        try {
          yield open(options, devices);
        } catch (DeviceException e) {
          throw new BackendUnavailableException("backend cuda: " + e.getMessage(), e);
        }
      }
      case Probe.Outcome.Refused(String reason, Optional<Throwable> cause) ->
          throw new BackendUnavailableException("backend cuda: " + reason, cause.orElse(null));
    };
  }

  /**
   * The probe knows how much memory there is, only opening how much of it is free. Where devices
   * are not named, more are taken then, and one that fails is left out for the next.
   */
  private static Kernels open(KernelOptions options, List<Probe.Found> devices) {
    List<Probe.Found> chosen = devices;
    DeviceException reason = null;
    while (true) {
      try {
        return CudaKernels.open(options, chosen);
      } catch (DeviceException e) {
        boolean small = e instanceof NoRoomException;
        List<Probe.Found> kept = chosen.subList(0, chosen.size() - (small ? 0 : 1));
        Optional<Probe.Found> more =
            options.devices().isEmpty()
                    && !kept.isEmpty()
                    && kept.size() < options.memory().get().mostDevices()
                ? Probe.after(chosen)
                : Optional.empty();
        // Of several reasons the last numbers say most.
        if (reason == null || small) {
          if (reason != null) {
            e.addSuppressed(reason);
          }
          reason = e;
        } else {
          reason.addSuppressed(e);
        }
        if (more.isEmpty()) {
          throw reason;
        }
        chosen = new ArrayList<>(kept);
        chosen.add(more.get());
      }
    }
  }
}
