package org.vesalius.clinical.knowledge;

import java.nio.file.Path;
import java.util.Optional;
import org.vesalius.clinical.entities.EntityTagger;

/**
 * How a knowledge folder is read.
 *
 * @param limits beyond which documents are left out
 * @param tagger finds entities in passages and queries, so that other names of the same are found;
 *     empty for words alone
 * @param embedder places passages and queries by meaning; empty for words alone
 * @param indexDirectory an empty or new folder for the index; empty for one in memory
 */
public record KnowledgeOptions(
    Limits limits,
    Optional<EntityTagger> tagger,
    Optional<PassageEmbedder> embedder,
    Optional<Path> indexDirectory) {

  /** Words alone, in memory. */
  public static final KnowledgeOptions DEFAULT =
      new KnowledgeOptions(Limits.DEFAULT, Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * What is read at most. What is beyond is left out, and a note says so.
   *
   * @param files in the folder, other folders and links counted too
   * @param depth of folders in folders
   * @param fileBytes of a file
   * @param characters of a document's text
   * @param totalCharacters of all texts
   * @param pdfPages of a PDF
   */
  public record Limits(
      int files, int depth, int fileBytes, int characters, long totalCharacters, int pdfPages) {
    /** Enough for a shelf of guidelines. */
    public static final Limits DEFAULT =
        new Limits(10_000, 16, 32 << 20, 4_000_000, 100_000_000, 2_000);

    /** Checks the numbers. */
    public Limits {
      if (files < 1
          || depth < 1
          || fileBytes < 1
          || characters < 1
          || totalCharacters < 1
          || pdfPages < 1) {
        throw new IllegalArgumentException("limits: expected numbers of at least 1");
      }
    }
  }

  /** With a tagger. */
  public KnowledgeOptions withTagger(EntityTagger other) {
    return new KnowledgeOptions(limits, Optional.of(other), embedder, indexDirectory);
  }

  /** With an embedder. */
  public KnowledgeOptions withEmbedder(PassageEmbedder other) {
    return new KnowledgeOptions(limits, tagger, Optional.of(other), indexDirectory);
  }

  /** With an index on disk. */
  public KnowledgeOptions withIndexDirectory(Path other) {
    return new KnowledgeOptions(limits, tagger, embedder, Optional.of(other));
  }

  /** With other limits. */
  public KnowledgeOptions withLimits(Limits other) {
    return new KnowledgeOptions(other, tagger, embedder, indexDirectory);
  }
}
