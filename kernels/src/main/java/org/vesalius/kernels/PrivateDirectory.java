package org.vesalius.kernels;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A directory that only this user can enter, for libraries that backends extract: who can write
 * there decides what runs in this process.
 */
public final class PrivateDirectory {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private PrivateDirectory() {}

  /**
   * Makes it with those above it, or takes the one that is there.
   *
   * @throws IOException saying why, but not which, if it cannot be made, is not the user's own, or
   *     others may enter it
   */
  public static void require(Path directory) throws IOException {
    try {
      Files.createDirectories(directory.getParent());
      try {
        Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } catch (FileAlreadyExistsException _) {
        requirePrivate(directory);
      }
    } catch (UnsupportedOperationException e) {
      throw new IOException("the file system has no permissions", e);
    }
  }

  private static void requirePrivate(Path directory) throws IOException {
    PosixFileAttributes found =
        Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    String user = ProcessHandle.current().info().user().orElse("");
    if (!found.isDirectory()
        || !found.owner().getName().equals(user)
        || !OWNER_ONLY.containsAll(found.permissions())) {
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
}
