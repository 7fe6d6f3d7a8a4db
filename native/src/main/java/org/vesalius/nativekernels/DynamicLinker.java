package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.Optional;

/** The system's loader of libraries, which several class loaders may ask for the same file. */
@SuppressWarnings("restricted") // the launcher gives access, others get the JVM's warning
final class DynamicLinker {
  private static final int NOW = 2;

  private DynamicLinker() {}

  /**
   * Loads a library that stays while something of it is in use.
   *
   * @param file an absolute path
   * @throws IOException with the loader's reason if it refuses
   */
  static SymbolLookup load(Path file, Arena arena) throws IOException {
    try {
      // By name: the other way asks for the real path, and a file in memory has none.
      return SymbolLookup.libraryLookup(file.toString(), arena);
    } catch (IllegalArgumentException e) {
      throw new IOException(reason(file), e);
    }
  }

  /** What Java does not tell: the answer to the same question, asked again. */
  private static String reason(Path file) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup system = linker.defaultLookup();
    Optional<MemorySegment> open = system.find("dlopen");
    Optional<MemorySegment> error = system.find("dlerror");
    if (open.isEmpty() || error.isEmpty()) {
      return "the system does not load " + file;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment library =
          (MemorySegment)
              linker
                  .downcallHandle(open.get(), FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT))
                  .invokeExact(arena.allocateFrom(file.toString()), NOW);
      MemorySegment text =
          (MemorySegment)
              linker.downcallHandle(error.get(), FunctionDescriptor.of(ADDRESS)).invokeExact();
      return library.equals(MemorySegment.NULL) && !text.equals(MemorySegment.NULL)
          ? text.reinterpret(Long.MAX_VALUE).getString(0)
          : "the system did not load " + file;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("dlopen", e);
    }
  }
}
