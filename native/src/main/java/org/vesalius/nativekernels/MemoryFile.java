package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A file without a name, in memory, as Linux has them: for containers in which nothing that can be
 * written may run. Its descriptor stays open, because the loader knows libraries by their path, and
 * a descriptor that is used again would be the path of another one.
 */
@SuppressWarnings("restricted")
record MemoryFile() implements LibraryPlace {
  private static final int CLOSE_ON_EXEC = 1;

  @Override
  public SymbolLookup load(LibraryFile.Content content, Arena arena) throws IOException {
    Path file = Path.of("/proc/self/fd/" + descriptor(content.name()));
    Files.write(file, content.bytes(), StandardOpenOption.WRITE);
    return DynamicLinker.load(file, arena);
  }

  private static int descriptor(String name) throws IOException {
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> function = linker.defaultLookup().find("memfd_create");
    if (function.isEmpty()) {
      throw new IOException("this system has none");
    }
    FunctionDescriptor type = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT);
    try (Arena arena = Arena.ofConfined()) {
      int descriptor =
          (int)
              linker
                  .downcallHandle(function.get(), type)
                  .invokeExact(arena.allocateFrom(name), CLOSE_ON_EXEC);
      if (descriptor < 0) {
        throw new IOException("this system denies them");
      }
      return descriptor;
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }

  @Override
  public String toString() {
    return "a file in memory";
  }
}
