package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.PrivateDirectory;

/**
 * cuBLAS on the class path, as JavaCPP's presets pack CUDA's own libraries: for a server that has
 * nothing but the driver. It is extracted once, several hundred megabytes, to the user's cache.
 */
final class PackedLibraries {
  /** The artifact that has it for {@link JcublasProducts}. */
  static final String ARTIFACT = "org.bytedeco:cuda:12.6-9.5-1.5.11:linux-x86_64-redist";

  private static final String FOLDER = "/org/bytedeco/cuda/linux-x86_64/";

  private static final int BUFFER = 1 << 20;

  private PackedLibraries() {}

  /** File name of cuBLAS. */
  static String name(int major) {
    return "libcublas.so." + major;
  }

  /** File name of the library that it needs. */
  static String needed(int major) {
    return "libcublasLt.so." + major;
  }

  /**
   * A library as it is packed.
   *
   * @param bytes its size, or -1 where that is not known
   * @param sum its CRC-32, or -1 where that is not known
   */
  private record Packed(URL resource, String name, long bytes, long sum) {

    static @Nullable Packed find(String name) throws IOException {
      URL resource = PackedLibraries.class.getResource(FOLDER + name);
      if (resource == null) {
        return null;
      }
      URLConnection connection = resource.openConnection();
      // Otherwise the jar would stay open for ever.
      connection.setUseCaches(false);
      if (!(connection instanceof JarURLConnection jar)) {
        return new Packed(resource, name, -1, -1);
      }
      try (JarFile file = jar.getJarFile()) {
        JarEntry entry = file.getJarEntry(FOLDER.substring(1) + name);
        return new Packed(resource, name, entry.getSize(), entry.getCrc());
      }
    }

    /** Whether this is the file that would be written; its content is not read again. */
    boolean isIn(Path file) throws IOException {
      return bytes >= 0 && Files.isRegularFile(file) && Files.size(file) == bytes;
    }

    void extract(Path file) throws IOException {
      URLConnection connection = resource.openConnection();
      connection.setUseCaches(false);
      CRC32 found = new CRC32();
      long written = 0;
      try (InputStream in = new CheckedInputStream(connection.getInputStream(), found);
          var out = Files.newOutputStream(file)) {
        byte[] buffer = new byte[BUFFER];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          out.write(buffer, 0, count);
          written += count;
        }
      }
      if (sum >= 0 && (found.getValue() != sum || written != bytes)) {
        throw new IOException(
            name
                + " on the class path is damaged: expected "
                + bytes
                + " bytes with CRC-32 "
                + HexFormat.of().toHexDigits((int) sum)
                + ", found "
                + written
                + " with "
                + HexFormat.of().toHexDigits((int) found.getValue())
                + "; fetch the artifact again");
      }
    }
  }

  /**
   * Loads the packed cuBLAS of a major version.
   *
   * @param failures gets why one that is there could not be loaded
   */
  static Optional<SharedLibrary> load(int major, List<String> failures) {
    List<Packed> both = new ArrayList<>();
    try {
      Packed library = Packed.find(name(major));
      if (library == null) {
        return Optional.empty();
      }
      Packed first = Packed.find(needed(major));
      if (first == null) {
        failures.add(name(major) + " is on the class path without " + needed(major));
        return Optional.empty();
      }
      both.addAll(List.of(first, library));
    } catch (IOException e) {
      failures.add("cuBLAS on the class path: " + e.getMessage());
      return Optional.empty();
    }
    for (Path parent : PrivateNatives.parents(System.getenv(), System.getProperties())) {
      Path folder = parent.resolve("cuda-libraries");
      try {
        return load(folder, both, major, failures);
      } catch (IOException e) {
        failures.add(
            "cuBLAS of the class path in " + folder + ": " + String.valueOf(e.getMessage()));
      }
    }
    return Optional.empty();
  }

  private static Optional<SharedLibrary> load(
      Path folder, List<Packed> both, int major, List<String> failures) throws IOException {
    PrivateDirectory.require(folder);
    StringBuilder key = new StringBuilder();
    for (Packed packed : both) {
      key.append(key.isEmpty() ? "" : "-").append(HexFormat.of().toHexDigits((int) packed.sum()));
    }
    Path place = folder.resolve(key.toString());
    Files.createDirectories(place);
    for (Packed packed : both) {
      Path file = place.resolve(packed.name());
      if (packed.isIn(file)) {
        continue;
      }
      // Renamed when it is whole, because other processes may start at the same time.
      Path fresh = Files.createTempFile(place, "new", ".part");
      try {
        packed.extract(fresh);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(fresh);
      }
    }
    return SharedLibrary.in(place, name(major), needed(major), failures);
  }
}
