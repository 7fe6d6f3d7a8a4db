package org.vesalius.clinical.knowledge;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Finds the ordinary files below a folder, of which there are a bounded number. Links are not
 * followed; where the system can, folders are opened relative to the one above.
 */
final class FolderListing {
  private final Path root;
  private final KnowledgeOptions.Limits limits;
  private final List<String> notes;
  private final List<String> ids = new ArrayList<>();
  private int entries;

  private FolderListing(Path root, KnowledgeOptions.Limits limits, List<String> notes) {
    this.root = root;
    this.limits = limits;
    this.notes = notes;
  }

  /**
   * Ids of all ordinary files, sorted.
   *
   * @param notes get a sentence for each that is left out
   * @throws KnowledgeException if the folder cannot be listed, or has too much in it
   */
  static List<String> of(Path root, KnowledgeOptions.Limits limits, List<String> notes) {
    FolderListing listing = new FolderListing(root, limits, notes);
    try (DirectoryStream<Path> top = Files.newDirectoryStream(root)) {
      listing.folder(top, "", 1);
    } catch (IOException | DirectoryIteratorException e) {
      throw new KnowledgeException("knowledge folder " + root + ": it cannot be listed: " + e, e);
    }
    return listing.ids;
  }

  private void folder(DirectoryStream<Path> folder, String above, int depth) {
    TreeMap<String, Path> sorted = new TreeMap<>();
    for (Path entry : folder) {
      if (++entries > limits.files()) {
        throw new KnowledgeException(
            "knowledge folder %s: it has more than %d files, folders and links"
                .formatted(root, limits.files()));
      }
      sorted.put(String.valueOf(entry.getFileName()), entry);
    }
    for (var entry : sorted.entrySet()) {
      String id = above + entry.getKey();
      if (!isPlain(entry.getKey())) {
        notes.add(
            Texts.oneLine(id, 200) + ": left out, its name has characters that are not shown");
        continue;
      }
      try {
        entry(folder, entry.getValue(), id, depth);
      } catch (IOException | DirectoryIteratorException _) {
        notes.add(id + ": left out, it cannot be read");
      }
    }
  }

  private void entry(DirectoryStream<Path> folder, Path path, String id, int depth)
      throws IOException {
    BasicFileAttributes attributes = attributes(folder, path);
    if (attributes.isSymbolicLink()) {
      notes.add(id + ": left out, links are not followed");
    } else if (attributes.isRegularFile()) {
      ids.add(id);
    } else if (!attributes.isDirectory()) {
      notes.add(id + ": left out, it is no ordinary file");
    } else if (depth == limits.depth()) {
      notes.add(id + ": left out, folders are nested more than " + limits.depth() + " deep");
    } else {
      below(folder, path, id, depth);
    }
  }

  private static BasicFileAttributes attributes(DirectoryStream<Path> folder, Path path)
      throws IOException {
    return folder instanceof SecureDirectoryStream<Path> secure
        ? secure
            .getFileAttributeView(
                path.getFileName(), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .readAttributes()
        : Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
  }

  private void below(DirectoryStream<Path> folder, Path path, String id, int depth)
      throws IOException {
    if (folder instanceof SecureDirectoryStream<Path> secure) {
      try (DirectoryStream<Path> below =
          secure.newDirectoryStream(path.getFileName(), LinkOption.NOFOLLOW_LINKS)) {
        folder(below, id + "/", depth + 1);
      }
    } else {
      try (DirectoryStream<Path> below = Files.newDirectoryStream(path)) {
        folder(below, id + "/", depth + 1);
      }
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
}
