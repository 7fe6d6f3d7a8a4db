package org.vesalius.clinical.knowledge;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A folder whose files are read, and nothing else: links of any kind are not followed, neither when
 * it is listed nor when a file is read, and only ordinary files are opened.
 *
 * <p>Where the system can open a name relative to an open folder, as Linux can, each folder on the
 * way is opened so, without following links; nobody can exchange one in between. Elsewhere the real
 * path is compared before and after.
 */
final class ConfinedFolder {
  private final Path root;

  private ConfinedFolder(Path root) {
    this.root = root;
  }

  static ConfinedFolder of(Path folder) {
    try {
      Path real = folder.toRealPath();
      if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
        throw new KnowledgeException("knowledge folder " + folder + ": expected a folder");
      }
      return new ConfinedFolder(real);
    } catch (IOException e) {
      throw new KnowledgeException(
          "knowledge folder " + folder + ": it cannot be read; does it exist?", e);
    }
  }

  Path root() {
    return root;
  }

  /** Ids of all ordinary files, sorted; what is left out is noted. */
  List<String> list(KnowledgeOptions.Limits limits, List<String> notes) {
    return FolderListing.of(root, limits, notes);
  }

  /**
   * The bytes of a file; empty where it has more than {@code most}.
   *
   * @param id as {@link #list} gives it
   * @throws IOException if it is no ordinary file any more, or cannot be read
   */
  Optional<byte[]> read(String id, int most) throws IOException {
    List<String> names = List.of(id.split("/", -1));
    for (String name : names) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        throw new IOException("no name of a file");
      }
    }
    try (DirectoryStream<Path> top = Files.newDirectoryStream(root)) {
      return top instanceof SecureDirectoryStream<Path> secure
          ? readBelow(secure, names, most)
          : readByPath(names, most);
    }
  }

  private Optional<byte[]> readBelow(
      SecureDirectoryStream<Path> folder, List<String> names, int most) throws IOException {
    Path name = Path.of(names.getFirst());
    if (names.size() > 1) {
      try (SecureDirectoryStream<Path> below =
          folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
        return readBelow(below, names.subList(1, names.size()), most);
      }
    }
    BasicFileAttributes attributes =
        folder
            .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes();
    // Opening a pipe would wait for who writes to it.
    requireOrdinary(attributes);
    try (SeekableByteChannel channel =
        folder.newByteChannel(name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      return bytes(channel, most);
    }
  }

  private Optional<byte[]> readByPath(List<String> names, int most) throws IOException {
    Path path = root;
    for (String name : names) {
      path = path.resolve(name);
    }
    requireInside(path);
    requireOrdinary(
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    try (SeekableByteChannel channel =
        Files.newByteChannel(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      Optional<byte[]> bytes = bytes(channel, most);
      requireInside(path);
      return bytes;
    }
  }

  private static void requireInside(Path path) throws IOException {
    if (!path.toRealPath().equals(path)) {
      throw new IOException("it is behind a link");
    }
  }

  private static void requireOrdinary(BasicFileAttributes attributes) throws IOException {
    if (!attributes.isRegularFile()) {
      throw new IOException("it is no ordinary file");
    }
  }

  private static Optional<byte[]> bytes(SeekableByteChannel channel, int most) throws IOException {
    if (channel.size() > most) {
      return Optional.empty();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) channel.size());
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    // It may grow while it is read.
    while (channel.read(buffer) >= 0) {
      bytes.write(buffer.array(), 0, buffer.position());
      buffer.clear();
      if (bytes.size() > most) {
        return Optional.empty();
      }
    }
    return Optional.of(bytes.toByteArray());
  }
}
