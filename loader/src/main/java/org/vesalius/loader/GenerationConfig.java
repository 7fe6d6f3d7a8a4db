package org.vesalius.loader;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A {@code generation_config.json}: how the publisher of a model wants it sampled.
 *
 * <p>Empty means that the file does not say; what then holds is the caller's decision (transformers
 * 5.12.1: temperature 1, top-k 50, top-p 1, repetition penalty 1). Values outside the range of a
 * key are refused.
 *
 * @param eosTokenIds tokens that end the text; empty when none is named
 * @param bosTokenId token that begins a text
 * @param padTokenId token that fills a batch
 * @param doSample whether to sample rather than to take the most likely token; {@code false} when
 *     absent
 * @param temperature divisor of the logits, at least 0
 * @param topK number of most likely tokens to sample from; 0 means all
 * @param topP probability mass to sample from, 0 to 1
 * @param minP smallest probability relative to the largest, 0 to 1
 * @param repetitionPenalty factor on the logits of tokens seen before, more than 0
 * @param presencePenalty subtracted from the logits of tokens generated before; vLLM's key, which
 *     transformers does not know
 * @param maxNewTokens most tokens to generate, at least 1
 * @param raw the file, when there is one
 */
@SuppressWarnings("ArrayRecordComponent") // copied in and out; equality is not used
public record GenerationConfig(
    int[] eosTokenIds,
    OptionalInt bosTokenId,
    OptionalInt padTokenId,
    boolean doSample,
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble minP,
    OptionalDouble repetitionPenalty,
    OptionalDouble presencePenalty,
    OptionalInt maxNewTokens,
    Optional<ConfigNode> raw) {

  /** Name of the file in a model folder. */
  public static final String FILE_NAME = "generation_config.json";

  public GenerationConfig {
    eosTokenIds = eosTokenIds.clone();
  }

  /** A copy: tokens that end the text. */
  @Override
  public int[] eosTokenIds() {
    return eosTokenIds.clone();
  }

  /** Greedy, without a limit and without special tokens: what an absent file means. */
  public static GenerationConfig empty() {
    return new GenerationConfig(
        new int[0],
        OptionalInt.empty(),
        OptionalInt.empty(),
        false,
        OptionalDouble.empty(),
        OptionalInt.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalInt.empty(),
        Optional.empty());
  }

  /**
   * Reads {@code generation_config.json} of a model folder; {@link #empty()} when there is none.
   *
   * @throws ModelFormatException when the file is malformed or a value is out of its range
   */
  public static GenerationConfig read(Path directory) {
    return ConfigNode.readOptional(directory, FILE_NAME)
        .map(GenerationConfig::of)
        .orElseGet(GenerationConfig::empty);
  }

  /** The configuration in an object that was already read. */
  public static GenerationConfig of(ConfigNode node) {
    return new GenerationConfig(
        node.has("eos_token_id") ? node.intOrInts("eos_token_id") : new int[0],
        node.optionalInt("bos_token_id"),
        node.optionalInt("pad_token_id"),
        node.booleanValue("do_sample", false),
        number(node, "temperature", 0, Double.MAX_VALUE),
        integer(node, "top_k", 0),
        number(node, "top_p", 0, 1),
        number(node, "min_p", 0, 1),
        number(node, "repetition_penalty", Double.MIN_VALUE, Double.MAX_VALUE),
        number(node, "presence_penalty", -Double.MAX_VALUE, Double.MAX_VALUE),
        integer(node, "max_new_tokens", 1),
        Optional.of(node));
  }

  /**
   * This configuration with special tokens that it does not name taken from {@code config.json}, as
   * transformers does when there is no {@code generation_config.json}.
   */
  public GenerationConfig withTokensOf(ModelConfig model) {
    return new GenerationConfig(
        eosTokenIds.length > 0 ? eosTokenIds : model.eosTokenIds(),
        bosTokenId.isPresent() ? bosTokenId : model.tokenId("bos_token_id"),
        padTokenId.isPresent() ? padTokenId : model.tokenId("pad_token_id"),
        doSample,
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        presencePenalty,
        maxNewTokens,
        raw);
  }

  private static OptionalDouble number(ConfigNode node, String key, double least, double most) {
    OptionalDouble value = node.optionalDouble(key);
    if (value.isPresent() && (value.getAsDouble() < least || value.getAsDouble() > most)) {
      String range =
          most < Double.MAX_VALUE
              ? "a number from " + least + " to " + most
              : least > 0 ? "a number above 0" : "a number of at least " + least;
      throw node.error(key, range, Double.toString(value.getAsDouble()));
    }
    return value;
  }

  private static OptionalInt integer(ConfigNode node, String key, int least) {
    OptionalInt value = node.optionalInt(key);
    if (value.isPresent() && value.getAsInt() < least) {
      throw node.error(key, "an integer of at least " + least, "" + value.getAsInt());
    }
    return value;
  }
}
