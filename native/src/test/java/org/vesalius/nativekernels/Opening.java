package org.vesalius.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.vesalius.kernels.Backend;
import org.vesalius.kernels.BackendStatus;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.ElementType;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.kernels.Tensor;
import org.vesalius.kernels.Weight;

/**
 * What a {@link Jvm} of these tests runs: it opens the backend, computes, and says what happened.
 */
final class Opening {
  private Opening() {}

  public static void main(String[] arguments) throws IOException {
    System.out.println(new Trial().get());
  }

  /** Public, so that other class loaders can run it. */
  public static final class Trial implements java.util.function.Supplier<String> {

    @Override
    public String get() {
      Backend backend =
          Backends.all().stream().filter(b -> b.name().equals("native")).findFirst().orElseThrow();
      return switch (backend.probe()) {
        case BackendStatus.Available(String detail) ->
            "works (" + detail + "), " + product(backend);
        case BackendStatus.Unavailable unavailable ->
            "does not work: "
                + unavailable.reason()
                + unavailable.cause().map(cause -> " [" + cause + "]").orElse("");
      };
    }

    /** 3 * 5 + 4 * 6. */
    private static String product(Backend backend) {
      try (Kernels kernels = backend.open(new KernelOptions(2));
          Arena arena = Arena.ofConfined()) {
        Tensor x = kernels.allocate(ElementType.F32, 1, 2);
        kernels.write(x, new float[] {3, 4});
        Tensor out = kernels.allocate(ElementType.F32, 1, 1);
        Weight weight = new Weight.F32(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5, 6), 1, 2);
        kernels.linear(out, x, weight, null);
        float[] result = new float[1];
        kernels.read(result, out);
        return "computes " + result[0];
      }
    }
  }

  /** The same in two class loaders that share nothing, both alive. */
  static final class Twice {
    private Twice() {}

    public static void main(String[] arguments) throws IOException {
      List<URL> urls = new ArrayList<>();
      for (String entry : System.getProperty("java.class.path", "").split(":", -1)) {
        urls.add(Path.of(entry).toUri().toURL());
      }
      ClassLoader platform = ClassLoader.getPlatformClassLoader();
      try (URLClassLoader one = new URLClassLoader(urls.toArray(new URL[0]), platform);
          URLClassLoader two = new URLClassLoader(urls.toArray(new URL[0]), platform)) {
        for (ClassLoader loader : List.of(one, two, one)) {
          for (java.util.function.Supplier<?> trial :
              ServiceLoader.load(java.util.function.Supplier.class, loader)) {
            System.out.println(trial.get());
          }
        }
      }
    }
  }
}
