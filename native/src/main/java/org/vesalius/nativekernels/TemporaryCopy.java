package org.vesalius.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory of this process alone, which is gone once the library is loaded.
 *
 * @param parent where it is made
 */
record TemporaryCopy(Path parent) implements LibraryPlace {

  @Override
  public SymbolLookup load(LibraryFile.Content content, Arena arena) throws IOException {
    // A name that nobody can guess, and permissions for the owner only.
    Path directory = Files.createTempDirectory(parent.toAbsolutePath(), "vesalius");
    Path file = directory.resolve(content.name());
    try {
      content.extract(file);
      return DynamicLinker.load(file, arena);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(directory);
    }
  }

  @Override
  public String toString() {
    return parent.toString();
  }
}
