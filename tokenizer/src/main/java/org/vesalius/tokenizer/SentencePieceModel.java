package org.vesalius.tokenizer;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A SentencePiece {@code tokenizer.model}: pieces with scores, and what training was told. Read
 * into the parts that {@code tokenizer.json} has for the same thing.
 *
 * <p>Source: sentencepiece_model.proto, whose field numbers stand below. Control symbols and the
 * unknown one become special added tokens, symbols that the trainer was given become added ones;
 * {@code added_tokens_decoder} of tokenizer_config.json has the last word on each. A
 * beginning-of-sequence token is put before the text where {@code add_bos_token} says so; where it
 * says nothing, before byte-pair models, as the tokenizers of Llama do.
 */
final class SentencePieceModel {
  private static final int UNIGRAM = 1;
  private static final int BPE = 2;

  /** Longer pieces than any real one: each is cut at every place to find its merges. */
  private static final int LONGEST_PIECE = 512;

  /**
   * A piece.
   *
   * @param text what it reads, with U+2581 for spaces
   * @param score the higher the sooner
   * @param type one of the constants of this record
   */
  record Piece(String text, float score, int type) {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int BYTE = 6;
  }

  final List<Piece> pieces = new ArrayList<>();
  private final String origin;
  private int modelType = UNIGRAM;
  private boolean byteFallback;
  private String bos = "<s>";
  private String eos = "</s>";
  private byte[] rules = {};
  private boolean prefix = true;
  private boolean oneSpace = true;

  private SentencePieceModel(String origin) {
    this.origin = origin;
  }

  /**
   * @param config the bytes of tokenizer_config.json, or null without one
   */
  static Tokenizer tokenizer(
      byte[] bytes, String origin, byte @Nullable [] config, String configOrigin) {
    SentencePieceModel model = read(bytes, origin);
    JsonNode settings = JsonMapper.builder().build().createObjectNode();
    try {
      settings = config == null ? settings : JsonMapper.builder().build().readTree(config);
    } catch (JacksonException e) {
      throw new TokenizerFormatException(configOrigin, "not JSON: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TokenizerFormatException(configOrigin, "not readable: " + e.getMessage(), e);
    }
    ObjectNode json =
        new SentencePieceJson(model, new JsonValue(configOrigin, "", settings)).json();
    return TokenizerJson.read(json, origin);
  }

  static SentencePieceModel read(byte[] bytes, String origin) {
    SentencePieceModel model = new SentencePieceModel(origin);
    try {
      ProtobufReader fields = new ProtobufReader(bytes);
      while (fields.next()) {
        switch (fields.field()) {
          case 1 -> model.piece(fields.message());
          case 2 -> model.trainer(fields.message());
          case 3 -> model.normalizer(fields.message());
          case 5 -> model.denormalizer(fields.message());
          default -> fields.skip();
        }
      }
    } catch (IllegalArgumentException e) {
      throw new TokenizerFormatException(origin, "not a SentencePiece model: " + e.getMessage(), e);
    }
    if (model.pieces.isEmpty()) {
      throw model.refused("pieces", "none", "a SentencePiece model");
    }
    return model;
  }

  private void piece(ProtobufReader fields) {
    String text = "";
    float score = 0;
    int type = Piece.NORMAL;
    while (fields.next()) {
      switch (fields.field()) {
        case 1 -> text = fields.text();
        case 2 -> score = fields.float32();
        case 3 -> type = (int) fields.varint();
        default -> fields.skip();
      }
    }
    String place = "pieces[" + pieces.size() + "]";
    if (text.isEmpty() || text.length() > LONGEST_PIECE) {
      throw refused(place, text.length() + " characters", "1 to " + LONGEST_PIECE);
    }
    if (!Float.isFinite(score)) {
      throw refused(place + ".score", String.valueOf(score), "a finite number");
    }
    switch (type) {
      case Piece.NORMAL, Piece.UNKNOWN, Piece.CONTROL, Piece.USER_DEFINED, Piece.BYTE -> {}
      default ->
          throw refused(
              place + ".type",
              String.valueOf(type),
              "normal, unknown, control, user_defined, byte");
    }
    pieces.add(new Piece(text, score, type));
  }

  private void trainer(ProtobufReader fields) {
    while (fields.next()) {
      switch (fields.field()) {
        case 3 -> {
          modelType = (int) fields.varint();
          if (modelType != UNIGRAM && modelType != BPE) {
            throw refused("trainer_spec.model_type", String.valueOf(modelType), "unigram, bpe");
          }
        }
        case 24 -> {
          if (fields.varint() != 0) {
            throw refused("trainer_spec.treat_whitespace_as_suffix", "true", "false");
          }
        }
        case 35 -> byteFallback = fields.varint() != 0;
        case 46 -> bos = fields.text();
        case 47 -> eos = fields.text();
        default -> fields.skip();
      }
    }
  }

  private void normalizer(ProtobufReader fields) {
    while (fields.next()) {
      switch (fields.field()) {
        case 2 -> rules = fields.bytes();
        case 3 -> prefix = fields.varint() != 0;
        case 4 -> oneSpace = fields.varint() != 0;
        case 5 -> {
          if (fields.varint() == 0) {
            throw refused("normalizer_spec.escape_whitespaces", "false", "true");
          }
        }
        default -> fields.skip();
      }
    }
  }

  private void denormalizer(ProtobufReader fields) {
    while (fields.next()) {
      if (fields.field() == 2 && fields.bytes().length > 0) {
        throw refused("denormalizer_spec.precompiled_charsmap", "rules", "none");
      } else if (fields.field() != 2) {
        fields.skip();
      }
    }
  }

  TokenizerFormatException refused(String place, String found, String supported) {
    return new TokenizerFormatException(origin, place, found, supported);
  }

  boolean isBpe() {
    return modelType == BPE;
  }

  boolean byteFallback() {
    return byteFallback;
  }

  String bos() {
    return bos;
  }

  String eos() {
    return eos;
  }

  /** Compiled normalization rules in Base64, empty for none. */
  String rules() {
    return Base64.getEncoder().encodeToString(rules);
  }

  /** Whether a space is put before the text. */
  boolean prefix() {
    return prefix;
  }

  /** Whether spaces at the ends are left out and several become one. */
  boolean oneSpace() {
    return oneSpace;
  }
}
