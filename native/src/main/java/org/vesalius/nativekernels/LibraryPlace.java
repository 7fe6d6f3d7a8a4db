package org.vesalius.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Somewhere that the native library can be put and loaded from. */
interface LibraryPlace {

  /**
   * Puts the library there and loads it.
   *
   * @throws IOException if that cannot be; the message says why
   */
  SymbolLookup load(LibraryFile.Content content, Arena arena) throws IOException;

  /**
   * The places of this process, the preferred ones first: the directory that {@code VESALIUS_CACHE}
   * names, and then no other; else the user's cache, which later processes use again; else a copy
   * that is gone once it is loaded, in the temporary directory or, where nothing on disk will do,
   * in memory.
   */
  static List<LibraryPlace> all(Map<String, String> environment, Properties properties) {
    String named = environment.getOrDefault("VESALIUS_CACHE", "");
    if (!named.isEmpty()) {
      return List.of(new PrivateCache(Path.of(named).toAbsolutePath().resolve("native")));
    }
    List<LibraryPlace> places = new ArrayList<>();
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path home = Path.of(properties.getProperty("user.home", "")).toAbsolutePath();
    if (!caches.isEmpty() && Path.of(caches).isAbsolute()) {
      places.add(new PrivateCache(Path.of(caches, "vesalius", "native")));
    } else if (Files.isDirectory(home)) {
      boolean apple = properties.getProperty("os.name", "").startsWith("Mac");
      Path all = apple ? home.resolve("Library").resolve("Caches") : home.resolve(".cache");
      places.add(new PrivateCache(all.resolve("vesalius").resolve("native")));
    }
    places.add(new TemporaryCopy(Path.of(properties.getProperty("java.io.tmpdir", ""))));
    places.add(new MemoryFile());
    return places;
  }
}
