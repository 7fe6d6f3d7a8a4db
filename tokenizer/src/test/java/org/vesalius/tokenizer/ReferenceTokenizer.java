package org.vesalius.tokenizer;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Hugging Face's own tokenizer, the Rust library behind DJL: what ids, texts and pieces must be
 * equal to.
 */
final class ReferenceTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;

  private ReferenceTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  static ReferenceTokenizer of(byte[] json) throws IOException {
    Path file = Files.createTempFile("tokenizer", ".json");
    try {
      Files.write(file, json);
      return new ReferenceTokenizer(
          HuggingFaceTokenizer.builder()
              .optTokenizerPath(file)
              .optTruncation(false)
              .optPadding(false)
              .build());
    } finally {
      Files.delete(file);
    }
  }

  static ReferenceTokenizer of(String json) throws IOException {
    return of(json.getBytes(StandardCharsets.UTF_8));
  }

  int[] encode(String text) {
    return encode(text, false);
  }

  int[] encode(String text, boolean addSpecialTokens) {
    return ints(tokenizer.encode(text, addSpecialTokens, false).getIds());
  }

  String decode(int[] ids, boolean skipSpecialTokens) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecialTokens);
  }

  /** The ids of a text and how many of them each piece has that the pre-tokenizer made. */
  Pieces pieces(String text) {
    Encoding encoding = tokenizer.encode(text, false, false);
    long[] words = encoding.getWordIds();
    List<Integer> lengths = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      if (i == 0 || words[i] != words[i - 1]) {
        lengths.add(1);
      } else {
        lengths.set(lengths.size() - 1, lengths.getLast() + 1);
      }
    }
    return new Pieces(ints(encoding.getIds()), lengths);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Pieces(int[] ids, List<Integer> lengths) {}

  @Override
  public void close() {
    tokenizer.close();
  }

  private static int[] ints(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }
}
