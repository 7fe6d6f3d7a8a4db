package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A library of the driver or of CUDA. Once loaded it stays until the process ends, and libraries
 * that need one of its name get this one, wherever it was found.
 *
 * @param place where it was found, for people
 */
@SuppressWarnings("restricted") // who opens the backend gives access, others get the JVM's warning
record SharedLibrary(String place, SymbolLookup symbols) {
  private static final Pattern CUBLAS = Pattern.compile("libcublas\\.so\\.(\\d+)");

  private static final int NOW = 2;

  /** Where installers put CUDA; the system's own search finds most of them too. */
  private static final List<String> USUAL =
      List.of(
          "/usr/local/cuda/lib64",
          "/usr/local/cuda/targets/x86_64-linux/lib",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib64",
          "/usr/local/nvidia/lib64",
          "/usr/lib/wsl/lib");

  /**
   * Loads a library by file name.
   *
   * @param needed a library that it needs, which is loaded first from the same folder if it is
   *     there
   * @param failures gets what was found and not loaded
   */
  static Optional<SharedLibrary> find(String name, @Nullable String needed, List<String> failures) {
    return in(folders(true), name, needed, failures)
        .or(() -> open(name))
        .or(() -> in(folders(false), name, needed, failures));
  }

  /** As {@link #find}, but from this folder and no other. */
  static Optional<SharedLibrary> in(
      Path folder, String name, String needed, List<String> failures) {
    return in(List.of(folder), name, needed, failures);
  }

  private static Optional<SharedLibrary> in(
      List<Path> folders, String name, @Nullable String needed, List<String> failures) {
    for (Path folder : folders) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        if (needed != null
            && Files.exists(folder.resolve(needed))
            && open(folder.resolve(needed).toString()).isEmpty()) {
          failures.add(reason(folder.resolve(needed)));
        }
        Optional<SharedLibrary> library = open(file.toString());
        if (library.isPresent()) {
          return library;
        }
        failures.add(reason(file));
      }
    }
    return Optional.empty();
  }

  /** The folder that the property names, or the usual ones. */
  private static List<Path> folders(boolean named) {
    List<Path> folders = new ArrayList<>();
    if (named) {
      String folder = System.getProperty("vesalius.cuda.libraries", "");
      if (!folder.isEmpty()) {
        folders.add(Path.of(folder).toAbsolutePath());
      }
    } else {
      for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
        String home = System.getenv().getOrDefault(variable, "");
        if (!home.isEmpty()) {
          folders.add(Path.of(home, "lib64").toAbsolutePath());
        }
      }
      USUAL.forEach(folder -> folders.add(Path.of(folder)));
    }
    return folders;
  }

  /** Loads a file, or what the system finds under a name, first of all what is loaded already. */
  static Optional<SharedLibrary> open(String file) {
    try {
      return Optional.of(new SharedLibrary(file, SymbolLookup.libraryLookup(file, Arena.global())));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /** Why a file cannot be loaded, which Java does not tell: the question is asked again. */
  static String reason(Path file) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup system = linker.defaultLookup();
    // Both first: looking up a symbol is a call of the loader too, and forgets the error.
    MethodHandle open =
        linker.downcallHandle(
            system.findOrThrow("dlopen"), FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    MethodHandle error =
        linker.downcallHandle(system.findOrThrow("dlerror"), FunctionDescriptor.of(ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment library =
          (MemorySegment) open.invokeExact(arena.allocateFrom(file.toString()), NOW);
      MemorySegment text = (MemorySegment) error.invokeExact();
      return library.equals(MemorySegment.NULL) && !text.equals(MemorySegment.NULL)
          ? text.reinterpret(Long.MAX_VALUE).getString(0)
          : file + " cannot be loaded";
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("dlopen", e);
    }
  }

  /** Every {@code libcublas.so.N} in the folders, for messages: those that will not do. */
  static Set<String> everyCublas() {
    Set<String> found = new LinkedHashSet<>();
    List<Path> folders = new ArrayList<>(folders(true));
    folders.addAll(folders(false));
    for (Path folder : folders) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.sorted().toList()) {
          Matcher matcher = CUBLAS.matcher(String.valueOf(file.getFileName()));
          if (matcher.matches()) {
            found.add(file.toString());
          }
        }
      } catch (IOException _) {
        // A folder that is not there, or not for us to read, holds none.
      }
    }
    return found;
  }
}
