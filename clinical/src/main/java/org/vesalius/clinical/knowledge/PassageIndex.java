package org.vesalius.clinical.knowledge;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.QueryBuilder;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.TaggedEntity;

/**
 * Finds passages by their words (BM25, Robertson and Zaragoza 2009), their entities, and their
 * vectors; two orders become one by reciprocal rank fusion (Cormack, Clarke and Büttcher 2009).
 */
final class PassageIndex implements Closeable {
  private static final String DOCUMENT = "document";
  private static final String START = "start";
  private static final String END = "end";
  private static final String TEXT = "text";
  private static final String TITLE = "title";
  private static final String ENTITY = "entity";
  private static final String VECTOR = "vector";

  /** Words of a title count as much as half of those of a text. */
  private static final float TITLE_BOOST = 0.5f;

  /** An entity says more than a word. */
  private static final float ENTITY_BOOST = 2;

  /** Longer queries add nothing, and Lucene allows 1024 words. */
  private static final int QUERY = 512;

  /** The constant of the paper. */
  private static final int FUSION = 60;

  private static final int CANDIDATES = 50;

  private final KnowledgeOptions options;
  private final Directory directory;
  private final MixedAnalyzer analyzer = new MixedAnalyzer();
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  private PassageIndex(KnowledgeOptions options, Directory directory, DirectoryReader reader) {
    this.options = options;
    this.directory = directory;
    this.reader = reader;
    this.searcher = new IndexSearcher(reader);
  }

  static PassageIndex build(Iterable<KnowledgeDocument> documents, KnowledgeOptions options)
      throws IOException {
    Directory directory =
        options.indexDirectory().isPresent()
            ? FSDirectory.open(empty(options.indexDirectory().get()))
            : new ByteBuffersDirectory();
    try (MixedAnalyzer analyzer = new MixedAnalyzer();
        IndexWriter writer =
            new IndexWriter(
                directory,
                new IndexWriterConfig(analyzer)
                    .setCodec(new WideVectorCodec())
                    .setOpenMode(IndexWriterConfig.OpenMode.CREATE))) {
      for (KnowledgeDocument document : documents) {
        for (Passages.Span span : Passages.of(document.text())) {
          writer.addDocument(fields(document, span, options));
        }
      }
      writer.commit();
      return new PassageIndex(options, directory, DirectoryReader.open(directory));
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static Path empty(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> entries = Files.list(folder)) {
      if (entries.findAny().isPresent()) {
        throw new KnowledgeException(
            "index folder " + folder + ": expected an empty folder; remove what is in it");
      }
    }
    return folder;
  }

  private static Document fields(
      KnowledgeDocument document, Passages.Span span, KnowledgeOptions options) {
    String text = document.text().substring(span.start(), span.end());
    Document fields = new Document();
    fields.add(new StringField(DOCUMENT, document.id(), Field.Store.YES));
    fields.add(new StoredField(START, span.start()));
    fields.add(new StoredField(END, span.end()));
    fields.add(new TextField(TEXT, text, Field.Store.NO));
    fields.add(new TextField(TITLE, document.title(), Field.Store.NO));
    // How rare an entity is, is counted among passages that have the field: all shall have it.
    fields.add(new StringField(ENTITY, "", Field.Store.NO));
    for (String entity : entities(options, text)) {
      fields.add(new StringField(ENTITY, entity, Field.Store.NO));
    }
    vector(options, text)
        .ifPresent(vector ->
            fields.add(new KnnFloatVectorField(VECTOR, vector, VectorSimilarityFunction.COSINE)));
    return fields;
  }

  private static Set<String> entities(KnowledgeOptions options, String text) {
    Set<String> ids = new LinkedHashSet<>();
    for (EntityTagger tagger : options.tagger().stream().toList()) {
      tagger
          .tag(text)
          .forEach(tag -> tag.entities().stream().map(TaggedEntity::id).forEach(ids::add));
    }
    return ids;
  }

  /** Empty where there is none, or one without a direction. */
  private static Optional<float[]> vector(KnowledgeOptions options, String text) {
    return options
        .embedder()
        .map(embedder -> embedder.embed(text))
        .filter(vector -> {
          double sum = 0;
          for (float value : vector) {
            sum += (double) value * value;
          }
          return sum > 0 && Double.isFinite(sum);
        });
  }

  /** The best passages, best first; of one document if that is given. */
  List<Passage> search(
      String query, Optional<String> document, int most, Map<String, KnowledgeDocument> documents) {
    String text = query.substring(0, Texts.boundary(query, Math.min(query.length(), QUERY)));
    Optional<Query> only = document.map(id -> new TermQuery(new Term(DOCUMENT, id)));
    try {
      List<TopDocs> found = new ArrayList<>();
      found.add(searcher.search(words(text, only), Math.max(most, CANDIDATES)));
      for (float[] vector : vector(options, text).stream().toList()) {
        found.add(
            searcher.search(
                new KnnFloatVectorQuery(VECTOR, vector, CANDIDATES, only.orElse(null)),
                CANDIDATES));
      }
      TopDocs best =
          found.size() == 1
              ? found.getFirst()
              : TopDocs.rrf(most, FUSION, found.toArray(TopDocs[]::new));
      List<Passage> passages = new ArrayList<>();
      StoredFields stored = searcher.storedFields();
      for (ScoreDoc hit : best.scoreDocs) {
        if (passages.size() < most) {
          passage(stored.document(hit.doc), hit.score, documents).ifPresent(passages::add);
        }
      }
      return passages;
    } catch (IOException e) {
      throw new UncheckedIOException("the index of the knowledge folder cannot be read", e);
    }
  }

  private static Optional<Passage> passage(
      Document fields, double score, Map<String, KnowledgeDocument> documents) {
    return Optional.ofNullable(documents.get(fields.get(DOCUMENT)))
        .map(document -> new Passage(document, place(fields, START), place(fields, END), score));
  }

  private static int place(Document fields, String name) {
    return fields.getField(name).numericValue().intValue();
  }

  /** Text is only ever split into words: nothing in it is syntax. */
  private Query words(String text, Optional<Query> only) {
    QueryBuilder terms = new QueryBuilder(analyzer);
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    add(query, terms.createBooleanQuery(TEXT, text), 1);
    add(query, terms.createBooleanQuery(TITLE, text), TITLE_BOOST);
    for (String entity : entities(options, text)) {
      add(query, new TermQuery(new Term(ENTITY, entity)), ENTITY_BOOST);
    }
    query.setMinimumNumberShouldMatch(1);
    only.ifPresent(filter -> query.add(filter, BooleanClause.Occur.FILTER));
    return query.build();
  }

  private static void add(BooleanQuery.Builder query, @Nullable Query part, float boost) {
    if (part != null) {
      query.add(new BoostQuery(part, boost), BooleanClause.Occur.SHOULD);
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
    analyzer.close();
  }
}
