package org.vesalius.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds the backends of this process and chooses among them. */
public final class Backends {
  private static final System.Logger LOG = System.getLogger("org.vesalius.kernels");

  private Backends() {}

  /** All backends on the class path, the preferred ones first. */
  public static List<Backend> all() {
    List<Backend> found = new ArrayList<>();
    ServiceLoader.load(Backend.class, Backend.class.getClassLoader()).forEach(found::add);
    found.sort(Comparator.comparingInt(Backend::priority).reversed());
    return found;
  }

  /**
   * Opens a backend by name, or the best one that is available for {@code auto}; an automatic
   * choice is logged in one line with the reasons against the backends before it.
   *
   * @throws BackendUnavailableException if the named backend does not exist or cannot work here
   */
  public static Kernels open(String name, KernelOptions options) {
    return open(name, options, all());
  }

  /** As above, from a list with the preferred ones first. */
  static Kernels open(String name, KernelOptions options, List<Backend> backends) {
    if (!name.equals("auto")) {
      return named(name, backends, options).open(options);
    }
    StringBuilder reasons = new StringBuilder();
    for (Backend backend : backends) {
      switch (backend.probe(options)) {
        case BackendStatus.Available _ -> {
          try {
            Kernels kernels = backend.open(options);
            LOG.log(
                System.Logger.Level.INFO,
                "kernels: {0}{1}",
                kernels.description(),
                reasons.toString());
            return kernels;
          } catch (BackendUnavailableException e) {
            // Such as a device whose memory others hold.
            reasons.append("; ").append(e.getMessage());
          }
        }
        case BackendStatus.Unavailable unavailable ->
            reasons.append("; ").append(backend.name()).append(": ").append(unavailable.reason());
      }
    }
    throw new BackendUnavailableException("no backend can work here" + reasons, null);
  }

  private static Backend named(String name, List<Backend> backends, KernelOptions options) {
    for (Backend backend : backends) {
      if (backend.name().equals(name)) {
        if (backend.probe(options) instanceof BackendStatus.Unavailable unavailable) {
          throw new BackendUnavailableException(
              "backend " + name + ": " + unavailable.reason(), unavailable.cause().orElse(null));
        }
        return backend;
      }
    }
    String known = backends.stream().map(Backend::name).collect(Collectors.joining(", "));
    throw new BackendUnavailableException(
        "backend \"" + name + "\" is unknown; known are auto, " + known, null);
  }
}
