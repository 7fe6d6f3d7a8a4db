package org.vesalius.kernels;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The backends that a contract test runs on: those of the module, which {@code -Dvesalius.backends}
 * names, or all on the class path. One that cannot work here is skipped with its reason, unless
 * {@code -Dvesalius.require} names it: then that is a failure.
 */
public final class BackendsUnderTest {
  private BackendsUnderTest() {}

  private static Set<String> names(String property) {
    String names = System.getProperty(property, "");
    Set<String> set = new LinkedHashSet<>();
    Arrays.stream(names.split(",")).map(String::strip).filter(n -> !n.isEmpty()).forEach(set::add);
    return set;
  }

  /** All names, for {@code @MethodSource}. */
  public static Stream<String> all() {
    Set<String> names = names("vesalius.backends");
    if (names.isEmpty()) {
      Backends.all().forEach(backend -> names.add(backend.name()));
      names.addAll(names("vesalius.require"));
    }
    return names.stream();
  }

  /** All names but that of the definition, for comparisons with it. */
  public static Stream<String> compared() {
    return all().filter(name -> !name.equals("reference"));
  }

  /** Opens a backend or ends the test: skipped, or failed when the backend is required. */
  public static Kernels open(String name, int threads) {
    try {
      return Backends.open(name, new KernelOptions(threads));
    } catch (BackendUnavailableException e) {
      boolean optional = names("vesalius.optional").contains(name);
      if (names("vesalius.require").contains(name) && !optional) {
        return fail("required by -Dvesalius.require: " + e.getMessage(), e);
      }
      return Assumptions.abort(String.valueOf(e.getMessage()));
    }
  }

  /** Opens the definition. */
  public static Kernels reference() {
    return Backends.open("reference", new KernelOptions(2));
  }
}
