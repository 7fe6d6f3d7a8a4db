package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import jcuda.JCudaVersion;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import org.jspecify.annotations.Nullable;

/**
 * Loads JCuda's native libraries from a fresh folder of this process alone, which is gone once they
 * are loaded.
 *
 * <p>JCuda loads them when its classes are initialised: {@code System.loadLibrary}, which looks in
 * {@code java.library.path}, and then a file of a predictable name in {@code java.io.tmpdir}, which
 * it loads unseen if it exists. On a shared machine anyone may have put it there. JCuda has no
 * setting for the folder and {@code java.library.path} is read once when the JVM starts, so for the
 * moment in which its classes are initialised that property names the fresh folder. Class loaders
 * do this one after another. A class loader of our own, whose {@code findLibrary} JCuda's first
 * attempt would ask, was the alternative: everything that uses JCuda would then live in it, and
 * could be reached by reflection only.
 *
 * <p>A folder per class loader also lets several of them use JCuda: the JVM loads a file for one
 * class loader only.
 */
@SuppressWarnings("restricted")
final class PrivateNatives {
  private static final String FOLDER = "java.io.tmpdir";
  private static final String DRIVER = "JCudaDriver";
  private static final String BLAS = "JCublas2";

  private PrivateNatives() {}

  /**
   * Initialises JCuda's classes.
   *
   * @param blas whether that of cuBLAS too, which needs libcublas.so.12
   */
  static void load(boolean blas) throws UnavailableException {
    List<String> failures = new ArrayList<>();
    @Nullable IOException first = null;
    for (Path parent : parents(System.getenv(), System.getProperties())) {
      try {
        load(parent, blas);
        return;
      } catch (IOException e) {
        failures.add(parent + ": " + e.getMessage());
        first = first == null ? e : first;
      }
    }
    throw new UnavailableException(
        "JCuda's native libraries cannot be extracted and loaded from any place ("
            + String.join("; ", failures)
            + "); set VESALIUS_CACHE to a directory of yours from which programs may run",
        first);
  }

  /** What {@code VESALIUS_CACHE} names and then nothing else; else the user's cache, or else. */
  static List<Path> parents(Map<String, String> environment, Properties properties) {
    String named = environment.getOrDefault("VESALIUS_CACHE", "");
    if (!named.isEmpty()) {
      return List.of(Path.of(named).toAbsolutePath());
    }
    List<Path> parents = new ArrayList<>();
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path home = Path.of(properties.getProperty("user.home", "")).toAbsolutePath();
    if (!caches.isEmpty() && Path.of(caches).isAbsolute()) {
      parents.add(Path.of(caches, "vesalius"));
    } else if (Files.isDirectory(home)) {
      parents.add(home.resolve(".cache").resolve("vesalius"));
    }
    parents.add(Path.of(properties.getProperty(FOLDER, "")).toAbsolutePath());
    return parents;
  }

  private static void load(Path parent, boolean blas) throws IOException {
    Files.createDirectories(parent);
    // A name that nobody can guess, and permissions for the owner only.
    Path folder = Files.createTempDirectory(parent, "cuda");
    List<Path> files = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (String library : blas ? List.of(DRIVER, BLAS) : List.of(DRIVER)) {
        Path file = folder.resolve(fileName(library));
        files.add(file);
        extract(file);
        // Refused here it is another folder's turn; refused in JCuda its classes are lost.
        try {
          SymbolLookup.libraryLookup(file.toString(), arena);
        } catch (IllegalArgumentException e) {
          throw new IOException(SharedLibrary.reason(file), e);
        }
      }
      initialise(folder, blas);
    } finally {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    }
  }

  private static String fileName(String library) {
    return System.mapLibraryName(library + "-" + JCudaVersion.get() + "-linux-x86_64");
  }

  private static void extract(Path file) throws IOException {
    try (InputStream in = PrivateNatives.class.getResourceAsStream("/lib/" + file.getFileName())) {
      if (in == null) {
        throw new IOException(
            file.getFileName()
                + " is not on the class path; add org.jcuda:jcuda-natives and"
                + " org.jcuda:jcublas-natives with classifier linux-x86_64");
      }
      Files.copy(in, file);
    }
  }

  private static void initialise(Path folder, boolean blas) {
    // The one object that all class loaders share and that belongs to the property.
    Properties properties = System.getProperties();
    synchronized (properties) {
      String before = properties.getProperty(FOLDER, "");
      properties.setProperty(FOLDER, folder.toString());
      try {
        // Whatever is called first initialises the class.
        JCudaDriver.cuDriverGetVersion(new int[1]);
        if (blas) {
          JCublas2.initialize();
        }
      } finally {
        properties.setProperty(FOLDER, before);
      }
    }
  }
}
