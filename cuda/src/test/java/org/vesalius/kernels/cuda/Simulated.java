package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.vesalius.kernels.Jvm;

/** The simulated device of this process: what it counts, and faults that it can be told to have. */
@SuppressWarnings("restricted")
final class Simulated {
  private Simulated() {}

  /** The folder of its libraries, or the test ends: skipped, or failed where cuda is required. */
  static Path folder() {
    Path folder = Path.of(System.getProperty("vesalius.cuda.libraries", ""));
    Path driver = folder.resolve("libcuda.so.1");
    boolean simulated =
        Files.exists(driver)
            && SymbolLookup.libraryLookup(driver, Arena.global())
                .find("vesalius_simulated_counter")
                .isPresent();
    if (!simulated) {
      String reason = "a simulated device, in the folder of -Dvesalius.cuda.libraries: " + folder;
      if (System.getProperty("vesalius.require", "").contains("cuda") && !Files.exists(driver)) {
        Assertions.fail("required by -Dvesalius.require: " + reason);
      }
      Assumptions.abort("needs " + reason);
    }
    return folder;
  }

  /** A JVM that finds the libraries of a folder, for what is soon over. */
  static Jvm jvm(Path home, Path temporary, Path libraries) {
    return Jvm.with(home, temporary)
        .flags(
            "--enable-native-access=ALL-UNNAMED",
            // Quicker for what is over soon.
            "-XX:TieredStopAtLevel=1",
            "-Dvesalius.cuda.libraries=" + libraries,
            "-Dvesalius.cuda.image=" + System.getProperty("vesalius.cuda.image", ""));
  }

  /** Ends the test as skipped on a machine that has such a library of its own. */
  static void assumeAbsent(String library) {
    Assumptions.assumeTrue(
        SharedLibrary.find(library, null, new ArrayList<>())
            .filter(found -> !found.place().contains("simulated"))
            .isEmpty(),
        "a machine without " + library);
  }

  /** As {@link #assumeAbsent}, of every cuBLAS that would do. */
  static void assumeNoCublas() {
    for (int major : new int[] {12, 13}) {
      assumeAbsent(PackedLibraries.name(major));
    }
  }

  private static MemorySegment function(String name) {
    return SymbolLookup.libraryLookup(folder().resolve("libcuda.so.1"), Arena.global())
        .findOrThrow(name);
  }

  /** How often something happened, or how much of it there is. */
  static long counter(String name) {
    try (Arena arena = Arena.ofConfined()) {
      return (long)
          Linker.nativeLinker()
              .downcallHandle(
                  function("vesalius_simulated_counter"), FunctionDescriptor.of(JAVA_LONG, ADDRESS))
              .invokeExact(arena.allocateFrom(name));
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }

  /** Makes a kernel write a wrong number whenever it runs; of no name, none. */
  static void wrong(String kernel) {
    try (Arena arena = Arena.ofConfined()) {
      Linker.nativeLinker()
          .downcallHandle(function("vesalius_simulated_wrong"), FunctionDescriptor.ofVoid(ADDRESS))
          .invokeExact(arena.allocateFrom(kernel));
    } catch (Throwable e) {
      throw new AssertionError(kernel, e);
    }
  }

  /**
   * Makes the call after the next {@code after} ones of a kind fail with an error of the driver;
   * without an error, takes back all such wishes.
   */
  static void fail(String what, int after, int error) {
    try (Arena arena = Arena.ofConfined()) {
      Linker.nativeLinker()
          .downcallHandle(
              function("vesalius_simulated_fail"),
              FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT))
          .invokeExact(arena.allocateFrom(what), after, error);
    } catch (Throwable e) {
      throw new AssertionError(what, e);
    }
  }
}
