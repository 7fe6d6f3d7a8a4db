package org.vesalius.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Functions of a library of the family of cuBLAS, which return a {@code cublasStatus_t}, by the
 * Foreign Function and Memory API. Handles and addresses go as numbers.
 *
 * @param library its name, for people
 */
@SuppressWarnings("restricted") // who opens the backend gives access
record ForeignFunctions(String library, SymbolLookup symbols) {

  /** A call that returns a status. */
  interface Call {
    int run() throws Throwable;
  }

  /** A call that writes the address of what it made, and returns a status. */
  interface Making {
    int run(MemorySegment place) throws Throwable;
  }

  /**
   * A function that returns a status.
   *
   * @throws DeviceException if the library has none of this name
   */
  MethodHandle bind(String function, ValueLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(
            symbols
                .find(function)
                .orElseThrow(() ->
                    new DeviceException("cuda: " + library + " has no function " + function, null)),
            FunctionDescriptor.of(JAVA_INT, arguments));
  }

  /** What a call returns. */
  static int status(String function, Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(function, e);
    }
  }

  /** Fails with the name of the function and its status, if that is not success. */
  static void check(String function, int status) {
    if (status != 0) {
      throw new DeviceException("cuda: " + function + " failed with cuBLAS status " + status, null);
    }
  }

  /** Calls and checks. */
  static void check(String function, Call call) {
    check(function, status(function, call));
  }

  /** The address of what a call makes. */
  static long made(String function, Making making) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(JAVA_LONG);
      check(function, () -> making.run(place));
      return place.get(JAVA_LONG, 0);
    }
  }
}
