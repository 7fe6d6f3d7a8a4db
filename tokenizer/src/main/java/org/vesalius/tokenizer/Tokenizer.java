package org.vesalius.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer: text to token ids and back, as a {@code tokenizer.json} describes it.
 *
 * <p>The ids are those of Hugging Face's tokenizers library for the same file (measured against
 * 0.23). Immutable and safe for many threads. It remembers short pieces of the texts it has
 * encoded, at most some thousands, for as long as it lives.
 *
 * <p>Java strings may hold half a surrogate pair, which is no character and has no UTF-8 form: each
 * is read as U+FFFD.
 */
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final EncodePipeline pipeline;
  private final PostProcessor postProcessor;
  private final Decoder decoder;

  Tokenizer(
      Vocabulary vocabulary,
      EncodePipeline pipeline,
      PostProcessor postProcessor,
      Decoder decoder) {
    this.vocabulary = vocabulary;
    this.pipeline = pipeline;
    this.postProcessor = postProcessor;
    this.decoder = decoder;
  }

  /**
   * Reads a tokenizer from a file.
   *
   * @param path a {@code tokenizer.json}, a SentencePiece {@code tokenizer.model}, or a directory
   *     that holds one of them; of both, the first is read. Beside a {@code tokenizer.model},
   *     {@code tokenizer_config.json} says which tokens are added
   * @throws TokenizerFormatException for a file that is malformed or has a part that is not
   *     supported
   * @throws UncheckedIOException for a file that cannot be read
   */
  public static Tokenizer load(Path path) {
    Path file = path;
    if (Files.isDirectory(path)) {
      Path model = path.resolve("tokenizer.model");
      Path json = path.resolve("tokenizer.json");
      file = !Files.exists(json) && Files.exists(model) ? model : json;
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (!file.toString().endsWith(".model")) {
        return parse(bytes, file.toString());
      }
      Path config = file.resolveSibling("tokenizer_config.json");
      return SentencePieceModel.tokenizer(
          bytes,
          file.toString(),
          Files.exists(config) ? Files.readAllBytes(config) : null,
          config.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(
          file + ": expected a tokenizer.json or a tokenizer.model: " + e, e);
    }
  }

  /**
   * Reads a tokenizer from the bytes of a {@code tokenizer.json}.
   *
   * @param origin what error messages call it, usually the file's path
   * @throws TokenizerFormatException for bytes that are malformed or have a part that is not
   *     supported
   */
  public static Tokenizer parse(byte[] json, String origin) {
    return TokenizerJson.parse(json, origin);
  }

  /**
   * The ids of a text. Added tokens are recognised everywhere in it, and nothing is added: for
   * prompts that a template wrote. For text from somebody else see {@link #encode(String,
   * EncodeOptions)}.
   */
  public int[] encode(String text) {
    return encode(text, EncodeOptions.TEMPLATE);
  }

  /** The ids of a text. */
  public int[] encode(String text, EncodeOptions options) {
    int[] ids = pipeline.encode(wellFormed(text), options.filter());
    return options.addSpecialTokens() ? postProcessor.apply(ids) : ids;
  }

  /**
   * The text of ids. Bytes that are not UTF-8 become U+FFFD. An id without a token is left out, as
   * the reference does: models have more rows than their vocabulary has tokens.
   *
   * @param skipSpecialTokens leaves out tokens that are {@link #isSpecial special}
   * @throws IllegalArgumentException for a negative id
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    StreamingDecoder stream = streamingDecoder(skipSpecialTokens);
    for (int id : ids) {
      stream.accept(id);
    }
    return stream.finish();
  }

  /** A decoder for ids that come one at a time. */
  public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
    return streamingDecoder(skipSpecialTokens, Set.of());
  }

  /**
   * A decoder for ids that come one at a time, which shows some special tokens: those that a model
   * writes around its reasoning, for example.
   *
   * @param keep ids that are not skipped, special or not
   */
  public StreamingDecoder streamingDecoder(boolean skipSpecialTokens, Set<Integer> keep) {
    return new StreamingDecoder(vocabulary, decoder, skipSpecialTokens, keep);
  }

  /** The token of an id as the vocabulary writes it, or null where the id has none. */
  public @Nullable String token(int id) {
    return vocabulary.token(id);
  }

  /**
   * The bytes that a token writes into a text. All of them end to end are the UTF-8 of {@link
   * #decode}, but for what only a whole text shows: a space that some decoders drop at its very
   * beginning, and U+FFFD for bytes that are not UTF-8. An added token writes its content, special
   * or not.
   *
   * @return the bytes, not necessarily whole characters; null where the id has no token
   * @throws UnsupportedOperationException for a decoder, such as WordPiece's, to which a token says
   *     different things in different places
   */
  public byte @Nullable [] tokenBytes(int id) {
    String token = vocabulary.decoded(id);
    return token == null ? null : TokenBytes.of(decoder, token);
  }

  /** The id of a token as the vocabulary writes it. */
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  /** The largest id plus one. The embedding matrix of a model may have more rows. */
  public int size() {
    return vocabulary.size();
  }

  /** Whether the id is that of an added token marked special. */
  public boolean isSpecial(int id) {
    return vocabulary.isSpecial(id);
  }

  /** The added tokens in the order of the file. */
  public List<AddedToken> addedTokens() {
    return vocabulary.addedTokens();
  }

  /** The pieces that a text is cut into before the model, with no added token recognised. */
  List<String> pieces(String text) {
    return pipeline.pieces(wellFormed(text));
  }

  private static char[] wellFormed(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      if (Character.isSurrogate(chars[i])) {
        if (Character.isHighSurrogate(chars[i])
            && i + 1 < chars.length
            && Character.isLowSurrogate(chars[i + 1])) {
          i++;
        } else {
          chars[i] = '\uFFFD';
        }
      }
    }
    return chars;
  }
}
