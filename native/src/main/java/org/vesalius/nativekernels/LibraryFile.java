package org.vesalius.nativekernels;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * Finds the native library of this platform on the class path and loads it.
 *
 * <p>JavaCPP's {@code Loader} names the platform, finds the resource and extracts it. Where to, and
 * the loading itself, are done here: its cache is a static of the process with a predictable name
 * in the shared temporary directory, and it loads by {@code System.load}, which a second class
 * loader is refused for the same file.
 */
final class LibraryFile {
  private static final String REMEDY =
      "set VESALIUS_CACHE to a directory of yours from which programs may run";

  /** No library could be loaded. */
  static final class NotLoadedException extends Exception {
    private static final long serialVersionUID = 1;

    NotLoadedException(String reason, @Nullable Throwable cause) {
      super(reason, cause);
    }

    /** One sentence, with the remedy. */
    String reason() {
      return String.valueOf(getMessage());
    }
  }

  private LibraryFile() {}

  /** Loads the library; it stays as long as what is found in it is used. */
  static SymbolLookup load() throws NotLoadedException {
    String platform = Loader.getPlatform();
    String name = System.mapLibraryName("vesalius");
    URL resource = LibraryFile.class.getResource(platform + "/" + name);
    if (resource == null) {
      throw new NotLoadedException(missing(platform), null);
    }
    List<String> failures = new ArrayList<>();
    @Nullable IOException first = null;
    for (LibraryPlace place : LibraryPlace.all(System.getenv(), System.getProperties())) {
      try {
        return place.load(new Content(resource, name), Arena.ofAuto());
      } catch (IOException e) {
        failures.add(place + ": " + e.getMessage());
        first = first == null ? e : first;
      }
    }
    throw new NotLoadedException(
        "the native library cannot be loaded from any place ("
            + String.join("; ", failures)
            + "); "
            + REMEDY,
        first);
  }

  /** Why this build has no library, as the build itself said. */
  private static String missing(String platform) {
    String reason =
        "it was built without; build it on this platform, with CMake and a C++ compiler";
    try (InputStream said = LibraryFile.class.getResourceAsStream(platform + "/missing.txt")) {
      if (said != null) {
        reason = new String(said.readAllBytes(), StandardCharsets.UTF_8).strip();
      }
    } catch (IOException e) {
      reason = reason + " (" + e + ")";
    }
    return "no native library for " + platform + " in this build: " + reason;
  }

  /**
   * The library as it is packed.
   *
   * @param resource where
   * @param name its file name
   */
  record Content(URL resource, String name) {

    byte[] bytes() throws IOException {
      try (InputStream in = resource.openStream()) {
        return in.readAllBytes();
      }
    }

    /** Writes it to a new file. */
    void extract(Path file) throws IOException {
      File extracted = Loader.extractResource(resource, file.toFile(), null, null);
      if (extracted == null || Files.size(file) == 0) {
        throw new IOException(resource + " cannot be extracted");
      }
    }
  }
}
