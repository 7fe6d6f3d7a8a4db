package org.vesalius.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.vesalius.kernels.PrivateDirectory;

/**
 * A directory that only this user can enter, with one file for each library that was ever loaded
 * from it.
 *
 * <p>A file is named by its content and compared with it before it is loaded. It is written under a
 * name of its own and renamed, so that processes which start at once never see half a file.
 *
 * @param directory is made where it does not exist
 */
record PrivateCache(Path directory) implements LibraryPlace {
  /** A file of another build that no process has written for so long is deleted. */
  private static final Duration KEPT = Duration.ofDays(30);

  @Override
  public SymbolLookup load(LibraryFile.Content content, Arena arena) throws IOException {
    PrivateDirectory.require(directory);
    byte[] bytes = content.bytes();
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    String key = HexFormat.of().toHexDigits((int) sum.getValue());
    Path file = directory.resolve(key + "-" + content.name());
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || !Arrays.equals(bytes, Files.readAllBytes(file))) {
      Path fresh = Files.createTempFile(directory, "new", ".part");
      try {
        content.extract(fresh);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(fresh);
      }
      deleteOld(file);
    }
    return DynamicLinker.load(file, arena);
  }

  private void deleteOld(Path kept) throws IOException {
    FileTime limit = FileTime.from(Instant.now().minus(KEPT));
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        // Another process may have been quicker to delete it.
        if (!file.equals(kept)
            && Files.exists(file)
            && Files.getLastModifiedTime(file).compareTo(limit) < 0) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  @Override
  public String toString() {
    return directory.toString();
  }
}
