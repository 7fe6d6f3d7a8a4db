package org.vesalius.kernels.cuda;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Directories that only this user can enter: who can write there decides what is loaded. */
final class PrivateDirectory {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private PrivateDirectory() {}

  /**
   * Makes one, or takes the one that is there.
   *
   * @throws IOException if that is not the user's own, or others may enter it
   */
  static Path in(Path parent, String name) throws IOException {
    Files.createDirectories(parent);
    Path directory = parent.resolve(name);
    try {
      return Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (FileAlreadyExistsException _) {
      PosixFileAttributes found =
          Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      String user = ProcessHandle.current().info().user().orElse("");
      if (!found.isDirectory()
          || !found.owner().getName().equals(user)
          || !OWNER_ONLY.containsAll(found.permissions())) {
        throw new IOException(
            directory
                + ": expected a directory of "
                + user
                + " with permissions rwx------, found "
                + (found.isDirectory() ? "one of " : "something else of ")
                + found.owner().getName()
                + " with "
                + PosixFilePermissions.toString(found.permissions()));
      }
      return directory;
    }
  }
}
