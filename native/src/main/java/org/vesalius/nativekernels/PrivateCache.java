package org.vesalius.nativekernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

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
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** A file of another build that no process has written for so long is deleted. */
  private static final Duration KEPT = Duration.ofDays(30);

  @Override
  public SymbolLookup load(LibraryFile.Content content, Arena arena) throws IOException {
    prepare();
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

  private void prepare() throws IOException {
    try {
      Files.createDirectories(directory.getParent());
      try {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } catch (FileAlreadyExistsException e) {
        requirePrivate();
      }
    } catch (UnsupportedOperationException e) {
      throw new IOException("the file system has no permissions", e);
    }
  }

  /** Whoever can write here decides what runs in this process. */
  private void requirePrivate() throws IOException {
    PosixFileAttributes found =
        Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    String user = ProcessHandle.current().info().user().orElse("");
    Set<PosixFilePermission> others = EnumSet.copyOf(List.of(PosixFilePermission.values()));
    others.removeAll(OWNER_ONLY);
    others.retainAll(found.permissions());
    if (!found.isDirectory() || !found.owner().getName().equals(user) || !others.isEmpty()) {
      throw new IOException(
          "expected a directory of "
              + user
              + " with permissions rwx------, found "
              + (found.isDirectory() ? "one of " : "something else of ")
              + found.owner().getName()
              + " with "
              + PosixFilePermissions.toString(found.permissions()));
    }
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
