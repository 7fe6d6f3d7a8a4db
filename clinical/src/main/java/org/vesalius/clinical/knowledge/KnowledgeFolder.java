package org.vesalius.clinical.knowledge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vesalius.clinical.trace.Sha256;

/**
 * Documents of a folder as local knowledge: Markdown, text, HTML and PDF, read once when the folder
 * is opened, and searched in passages. Safe for use by several threads.
 *
 * <p>Nothing outside of the folder is ever read: links are not followed, whenever they were made,
 * and documents are named by ids that the folder gave out, never by paths. Nothing is fetched from
 * a network. What documents say is data; who shows it to a model has to quote it as such.
 */
public final class KnowledgeFolder implements AutoCloseable {
  private final ConfinedFolder folder;
  private final KnowledgeOptions options;
  private final Map<String, KnowledgeDocument> documents;
  private final List<String> notes;
  private final PassageIndex index;

  private KnowledgeFolder(
      ConfinedFolder folder,
      KnowledgeOptions options,
      Map<String, KnowledgeDocument> documents,
      List<String> notes,
      PassageIndex index) {
    this.folder = folder;
    this.options = options;
    this.documents = Collections.unmodifiableMap(documents);
    this.notes = List.copyOf(notes);
    this.index = index;
  }

  /**
   * Reads a folder, words alone.
   *
   * @throws KnowledgeException if it cannot be read, or is larger than the limits
   */
  public static KnowledgeFolder open(Path folder) {
    return open(folder, KnowledgeOptions.DEFAULT);
  }

  /**
   * Reads a folder. A document that cannot be read is left out, and a note says why.
   *
   * @throws KnowledgeException if the folder cannot be read, or is larger than the limits
   */
  public static KnowledgeFolder open(Path folder, KnowledgeOptions options) {
    ConfinedFolder confined = ConfinedFolder.of(folder);
    refuseIndexInside(confined, options);
    List<String> notes = new ArrayList<>();
    Map<String, KnowledgeDocument> documents = new LinkedHashMap<>();
    long characters = 0;
    for (String id : confined.list(options.limits(), notes)) {
      Optional<KnowledgeDocument> read = read(confined, id, options.limits(), notes);
      if (read.isPresent()) {
        characters += read.get().text().length();
        if (characters > options.limits().totalCharacters()) {
          throw new KnowledgeException(
              "knowledge folder %s: its texts have more than %d characters together"
                  .formatted(folder, options.limits().totalCharacters()));
        }
        documents.put(id, read.get());
      }
    }
    return new KnowledgeFolder(
        confined, options, documents, notes, index(confined, documents.values(), options));
  }

  private static PassageIndex index(
      ConfinedFolder folder, Iterable<KnowledgeDocument> documents, KnowledgeOptions options) {
    try {
      return PassageIndex.build(documents, options);
    } catch (IOException e) {
      throw new KnowledgeException(
          "knowledge folder " + folder.root() + ": no index could be made", e);
    }
  }

  /**
   * The same documents, found by meaning too: for whom the model comes later than the folder. They
   * are not read again; each passage is embedded once, and the index is in memory.
   *
   * @return a folder of its own, closed by itself
   */
  public KnowledgeFolder withEmbedder(PassageEmbedder embedder) {
    KnowledgeOptions other =
        new KnowledgeOptions(
            options.limits(), options.tagger(), Optional.of(embedder), Optional.empty());
    return new KnowledgeFolder(
        folder, other, documents, notes, index(folder, documents.values(), other));
  }

  private static void refuseIndexInside(ConfinedFolder folder, KnowledgeOptions options) {
    options
        .indexDirectory()
        .map(directory -> directory.toAbsolutePath().normalize())
        .filter(directory -> directory.startsWith(folder.root()))
        .ifPresent(directory -> {
          throw new KnowledgeException(
              "index folder " + directory + ": expected one outside of the knowledge folder");
        });
  }

  private static Optional<KnowledgeDocument> read(
      ConfinedFolder folder, String id, KnowledgeOptions.Limits limits, List<String> notes) {
    Optional<TextExtraction.Kind> kind = TextExtraction.Kind.of(id);
    if (kind.isEmpty()) {
      notes.add(id + ": left out, only Markdown, text, HTML and PDF are read");
      return Optional.empty();
    }
    try {
      Optional<byte[]> bytes = folder.read(id, limits.fileBytes());
      if (bytes.isEmpty()) {
        notes.add(id + ": left out, it has more than " + limits.fileBytes() + " bytes");
        return Optional.empty();
      }
      ExtractedText text = TextExtraction.of(kind.get(), bytes.get(), limits);
      if (text.text().length() > limits.characters()) {
        notes.add(id + ": left out, its text has more than " + limits.characters() + " characters");
        return Optional.empty();
      }
      if (text.text().isBlank()) {
        notes.add(id + ": it has no text");
      }
      return Optional.of(
          new KnowledgeDocument(
              id, text.title().orElse(fileName(id)), text.text(), Sha256.hex(bytes.get())));
    } catch (IOException e) {
      notes.add(id + ": left out, " + Texts.oneLine(String.valueOf(e.getMessage()), 200));
      return Optional.empty();
    }
  }

  private static String fileName(String id) {
    return id.substring(id.lastIndexOf('/') + 1);
  }

  /** All documents, by the order of their ids. */
  public List<KnowledgeDocument> documents() {
    return List.copyOf(documents.values());
  }

  /** What was left out, and why; a sentence each. */
  public List<String> notes() {
    return notes;
  }

  /**
   * The passages that fit a query best, best first.
   *
   * @param query words in any order; nothing in it is syntax
   */
  public List<Passage> search(String query, int most) {
    return index.search(query, Optional.empty(), most, documents);
  }

  /**
   * The passages of one document that fit a query best, best first.
   *
   * @throws KnowledgeException as {@link #document}
   */
  public List<Passage> search(String query, String id, int most) {
    return index.search(query, Optional.of(document(id).id()), most, documents);
  }

  /** The passages of a document in their order, which together are its text. */
  public List<Passage> passages(KnowledgeDocument document) {
    return Passages.of(document.text()).stream()
        .map(span -> new Passage(document, span.start(), span.end(), 0))
        .toList();
  }

  /**
   * A document, after a look at whether its file is still what was read.
   *
   * @param id as the folder gave it, letter by letter
   * @throws KnowledgeException if there is none of this id, or its file has changed
   */
  public KnowledgeDocument document(String id) {
    KnowledgeDocument document =
        Optional.ofNullable(documents.get(id))
            .orElseThrow(() ->
                new KnowledgeException(
                    "there is no document \""
                        + Texts.oneLine(id, 100)
                        + "\"; give an id that a search returned"));
    try {
      Optional<byte[]> bytes = folder.read(document.id(), options.limits().fileBytes());
      if (bytes.isPresent() && Sha256.hex(bytes.get()).equals(document.sha256())) {
        return document;
      }
    } catch (IOException _) {
      // It is gone, or something else stands in its place; the message is the same.
    }
    throw new KnowledgeException(
        "document \"" + document.id() + "\" has changed since the folder was opened");
  }

  @Override
  public void close() {
    try {
      index.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the index of a knowledge folder cannot be closed", e);
    }
  }

  /** How many documents it has. */
  @Override
  public String toString() {
    return "KnowledgeFolder[" + documents.size() + " documents]";
  }
}
