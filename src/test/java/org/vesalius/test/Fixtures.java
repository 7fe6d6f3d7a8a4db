package org.vesalius.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.runtime.OpenOptions;

/** Where test material is, and which backends there are. */
final class Fixtures {
  /** Where gzipped goldens are unpacked. */
  static final Path UNPACKED = root().resolve("target/end-to-end/goldens");

  private Fixtures() {}

  /** The repository. */
  static Path root() {
    return Path.of(System.getProperty("vesalius.root", "../.."));
  }

  /**
   * A folder of the golden fixtures: of the repository, or, for those that are too large for it, of
   * the folder that the system property {@code vesalius.fixtures} names or that lies beside the
   * assets.
   */
  static Path fixture(String name) {
    Path inside = root().resolve("src/test/fixtures").resolve(name);
    return Files.isDirectory(inside) ? inside : outside().map(f -> f.resolve(name)).orElse(inside);
  }

  /** Copies the files of a fixture, but no folders in it, into one that is made if need be. */
  static Path copy(String name, Path target) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(fixture(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return target;
  }

  /** The checkpoints of the repository that have golden cases. */
  static List<GoldenSubject> ownSubjects() {
    return GoldenSubject.in(root().resolve("src/test/fixtures"));
  }

  /** All checkpoints with golden cases, those of the repository first. */
  static List<GoldenSubject> subjects() {
    List<GoldenSubject> subjects = new ArrayList<>(ownSubjects());
    Set<String> names = subjects.stream().map(GoldenSubject::name).collect(Collectors.toSet());
    outside().filter(Files::isDirectory).map(GoldenSubject::in).orElse(List.of()).stream()
        .filter(subject -> !names.contains(subject.name()))
        .forEach(subjects::add);
    return subjects;
  }

  private static Optional<Path> outside() {
    String fixtures = System.getProperty("vesalius.fixtures", "");
    String assets = System.getProperty("vesalius.assets", "");
    if (!fixtures.isEmpty()) {
      return Optional.of(Path.of(fixtures));
    }
    return assets.isEmpty()
        ? Optional.empty()
        : Optional.of(Path.of(assets).toAbsolutePath().resolveSibling("fixtures"));
  }

  /** The demo module's data. */
  static Path demo() {
    return root().resolve("demo");
  }

  /** The cases of a family. */
  static List<GoldenCase> cases(String family) {
    try (Stream<Path> files = Files.list(fixture(family).resolve("cases"))) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(file -> GoldenCase.read(fixture(family), file))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The names of all backends, whether they can work here or not, but for those that need a device:
   * the command line's jar brings them along, and they have an execution of their own.
   */
  static List<String> backends() {
    return Backends.all().stream()
        .filter(backend -> !backend.hasDevices())
        .map(Backend::name)
        .toList();
  }

  /** The one backend of this run, or empty for all of {@link #backends}. */
  static String only() {
    return System.getProperty("vesalius.only", "");
  }

  /** The names of the backends that this run is of. */
  static List<String> tested() {
    return only().isEmpty() ? backends() : List.of(only());
  }

  /**
   * How tests open a model that run beside each other: with one thread each, because pools of more
   * threads than there are processors only wait for each other.
   */
  static OpenOptions options(String backend, CacheFormat format) {
    return OpenOptions.defaults().withBackend(backend).withCacheFormat(format).withThreads(1);
  }

  /** Whether a backend can work here; fails where it must. */
  static boolean works(String name) {
    return unavailable(name).isEmpty();
  }

  /**
   * Ends the test visibly if the backend cannot work here: skipped, or failed where the system
   * property {@code vesalius.require} names it and {@code vesalius.optional} does not.
   */
  static void requireBackend(String name) {
    unavailable(name)
        .ifPresent(reason -> Assumptions.abort("backend " + name + " is unavailable: " + reason));
  }

  private static boolean named(String property, String name) {
    return Arrays.asList(System.getProperty(property, "").split(",")).contains(name);
  }

  private static Optional<String> unavailable(String name) {
    Backend backend =
        Backends.all().stream().filter(b -> b.name().equals(name)).findFirst().orElseThrow();
    if (backend.probe() instanceof BackendStatus.Unavailable unavailable) {
      if (named("vesalius.require", name) && !named("vesalius.optional", name)) {
        throw new AssertionError(
            "backend " + name + " is required and unavailable: " + unavailable.reason());
      }
      return Optional.of(unavailable.reason());
    }
    return Optional.empty();
  }
}
