package org.vesalius.consumer;

import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * A program that loads Vesalius from one jar in two class loaders, as a server does with two
 * applications: both answer while both are there, and both can be unloaded then. Prints the
 * answers.
 *
 * <p>Arguments: the jar, and whether threads have its class loader as their context ({@code own})
 * or the program's, which does not see it ({@code program}).
 */
final class Loaders {
  private static final int COLLECTIONS = 100;

  private Loaders() {}

  public static void main(String[] arguments) throws Exception {
    Path jar = Path.of(arguments[0]);
    List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
    ask(jar, arguments[1].equals("own"), loaders);
    for (WeakReference<ClassLoader> loader : loaders) {
      for (int i = 0; i < COLLECTIONS && loader.get() != null; i++) {
        System.gc();
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
    System.out.println(
        "still loaded: " + loaders.stream().filter(loader -> loader.get() != null).count());
  }

  private static void ask(Path jar, boolean own, List<WeakReference<ClassLoader>> loaders)
      throws Exception {
    URL[] url = {jar.toUri().toURL()};
    try (URLClassLoader first = new URLClassLoader(url, ClassLoader.getPlatformClassLoader());
        URLClassLoader second = new URLClassLoader(url, ClassLoader.getPlatformClassLoader())) {
      for (URLClassLoader loader : List.of(first, second)) {
        loaders.add(new WeakReference<>(loader));
        System.out.println(answer(loader, own, "report"));
        System.out.println(answer(loader, own, "webp"));
      }
      // The first one again, after the second was there.
      System.out.println(answer(first, own, "report"));
    }
  }

  /** On a thread of its own, as a server's are: what a thread keeps goes with it. */
  private static String answer(ClassLoader loader, boolean own, String what) throws Exception {
    List<String> answers = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    Thread thread =
        new Thread(() -> {
          try {
            @SuppressWarnings("unchecked") // as the class says
            UnaryOperator<String> report =
                (UnaryOperator<String>)
                    loader.loadClass("example.Report").getConstructor().newInstance();
            answers.add(report.apply(what));
          } catch (ReflectiveOperationException | RuntimeException | Error e) {
            failures.add(e);
          }
        });
    if (own) {
      thread.setContextClassLoader(loader);
    }
    thread.start();
    thread.join();
    if (!failures.isEmpty()) {
      throw new IllegalStateException(what, failures.getFirst());
    }
    return answers.getFirst();
  }
}
