package org.vesalius.clinical.knowledge;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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
    List<String> ids = new ArrayList<>();
    try {
      list(root, "", 1, limits, ids, notes);
    } catch (IOException | DirectoryIteratorException e) {
      throw new KnowledgeException("knowledge folder " + root + ": it cannot be listed: " + e, e);
    }
    return ids;
  }

  private void list(
      Path folder,
      String above,
      int depth,
      KnowledgeOptions.Limits limits,
      List<String> ids,
      List<String> notes)
      throws IOException {
    TreeMap<String, Path> sorted = new TreeMap<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        sorted.put(String.valueOf(entry.getFileName()), entry);
        if (sorted.size() > limits.files()) {
          throw new KnowledgeException(
              "knowledge folder %s: a folder has more than %d entries"
                  .formatted(root, limits.files()));
        }
      }
    }
    for (var entry : sorted.entrySet()) {
      String id = above + entry.getKey();
      if (!isPlain(entry.getKey())) {
        notes.add(
            Texts.oneLine(id, 200) + ": left out, its name has characters that are not shown");
        continue;
      }
      try {
        entry(entry.getValue(), id, depth, limits, ids, notes);
      } catch (IOException | DirectoryIteratorException _) {
        notes.add(id + ": left out, it cannot be read");
      }
    }
  }

  private void entry(
      Path path,
      String id,
      int depth,
      KnowledgeOptions.Limits limits,
      List<String> ids,
      List<String> notes)
      throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (attributes.isSymbolicLink()) {
      notes.add(id + ": left out, links are not followed");
    } else if (attributes.isRegularFile()) {
      if (ids.size() == limits.files()) {
        throw new KnowledgeException(
            "knowledge folder %s: it has more than %d files".formatted(root, limits.files()));
      }
      ids.add(id);
    } else if (!attributes.isDirectory()) {
      notes.add(id + ": left out, it is no ordinary file");
    } else if (depth == limits.depth()) {
      notes.add(id + ": left out, folders are nested more than " + limits.depth() + " deep");
    } else {
      list(path, id + "/", depth + 1, limits, ids, notes);
    }
  }

  /** Whether a name is what it looks like. */
  private static boolean isPlain(String name) {
    return name.codePoints()
        .allMatch(c ->
            switch (Character.getType(c)) {
              case Character.CONTROL,
                  Character.FORMAT,
                  Character.SURROGATE,
                  Character.PRIVATE_USE,
                  Character.UNASSIGNED,
                  Character.LINE_SEPARATOR,
                  Character.PARAGRAPH_SEPARATOR ->
                  false;
              default -> c != '\\' && c != 0xFFFD;
            });
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
