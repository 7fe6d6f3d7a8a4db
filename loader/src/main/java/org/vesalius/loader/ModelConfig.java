package org.vesalius.loader;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A {@code config.json} in either layout: flat, as transformers 4 wrote it, or with the decoder's
 * keys in {@code text_config} and the rotary embedding in {@code rope_parameters}, as transformers
 * 5 does.
 *
 * <p>Where both layouts could answer, transformers 5.12.1 decides: a {@code text_config} makes
 * decoder keys at the top level count for nothing, {@code dtype} wins over {@code torch_dtype}, and
 * {@code tie_word_embeddings} is read at the top level. Two things that it does are not followed,
 * because they give wrong numbers without a word: it fills in a decoder of default sizes when the
 * decoder's keys are in a place it does not know, and it ignores a flat {@code rope_parameters} of
 * Gemma 3. Both are refused here.
 *
 * @param root the whole file
 * @param modelType the family: {@code model_type}
 * @param text the object that holds the decoder's keys: {@code text_config}, or {@code root}
 * @param vision the vision encoder's keys, when there is one
 * @param rope the rotary embedding of the decoder; of its full-attention layers when layers differ
 * @param ropeByLayerType the embedding by layer type; empty when all layers share {@code rope}
 */
public record ModelConfig(
    ConfigNode root,
    String modelType,
    ConfigNode text,
    Optional<ConfigNode> vision,
    RopeConfig rope,
    Map<String, RopeConfig> ropeByLayerType) {

  /** Name of the file in a model folder. */
  public static final String FILE_NAME = "config.json";

  /** Keys under which other layouts, which nothing here understands, keep a decoder. */
  private static final List<String> FOREIGN_DECODERS =
      List.of("llm_config", "language_config", "thinker_config");

  /** Configurations in which transformers lets a decoder ask for tying on behalf of the model. */
  private static final Set<String> TYING_BY_DECODER =
      Set.of("llava", "llava_next_video", "llava_onevision", "fast_vlm", "video_llama_3");

  public ModelConfig {
    ropeByLayerType = Collections.unmodifiableMap(ropeByLayerType);
  }

  /**
   * Reads {@code config.json} of a model folder.
   *
   * @throws ModelFormatException when it is missing or of an unknown layout
   */
  public static ModelConfig read(Path directory) {
    return of(ConfigNode.read(directory.resolve(FILE_NAME)));
  }

  /** The configuration in an object that was already read. */
  public static ModelConfig of(ConfigNode root) {
    String modelType = root.string("model_type");
    ConfigNode text = decoder(root);
    Optional<ConfigNode> vision = root.optionalObject("vision_config");
    String textType = textModelType(root, modelType, text, vision);
    Map<String, RopeConfig> ropes = Map.of();
    RopeConfig rope;
    if (textType.equals("gemma3_text")) {
      ropes = RopeConfig.gemma3(text);
      rope = required(text, ropes);
    } else if (RopeConfig.isPerLayerType(text)) {
      ropes = RopeConfig.perLayerType(text, defaultTheta(textType));
      rope = required(text, ropes);
    } else {
      rope = RopeConfig.uniform(text, defaultTheta(textType));
    }
    return new ModelConfig(root, modelType, text, vision, rope, ropes);
  }

  private static ConfigNode decoder(ConfigNode root) {
    if (root.has("text_config")) {
      return root.object("text_config");
    }
    for (String key : FOREIGN_DECODERS) {
      if (root.has(key)) {
        throw root.error(key, "the decoder in text_config or at the top level", "it here");
      }
    }
    if (!root.has("hidden_size")) {
      throw root.error(
          "text_config", "it, or hidden_size and the other decoder keys beside it", "neither");
    }
    return root;
  }

  private static RopeConfig required(ConfigNode text, Map<String, RopeConfig> ropes) {
    RopeConfig rope = ropes.get(RopeConfig.FULL);
    if (rope == null) {
      throw text.error(
          "rope_parameters", "an object for " + RopeConfig.FULL, String.join(", ", ropes.keySet()));
    }
    return rope;
  }

  /** The value of {@code default_theta} in the configuration class; unknown classes have none. */
  private static OptionalDouble defaultTheta(String textModelType) {
    return switch (textModelType) {
      case "llama", "mistral", "qwen2", "qwen3", "qwen3_moe", "seed_oss" -> OptionalDouble.of(1e4);
      case "qwen2_vl_text", "qwen2_5_vl_text" -> OptionalDouble.of(1e6);
      case "qwen3_vl_text", "qwen3_vl_moe_text" -> OptionalDouble.of(5e5);
      default -> OptionalDouble.empty();
    };
  }

  /**
   * The family of the decoder, by the name its own configuration has in transformers: {@code
   * qwen2_5_vl_text} for {@code qwen2_5_vl} in both layouts, {@code llama} where LLaVA names none.
   */
  public String textModelType() {
    return textModelType(root, modelType, text, vision);
  }

  private static String textModelType(
      ConfigNode root, String modelType, ConfigNode text, Optional<ConfigNode> vision) {
    boolean nested = root.has("text_config");
    if (nested && text.has("model_type")) {
      return text.string("model_type");
    }
    if (nested && modelType.startsWith("llava")) {
      return "llama";
    }
    return nested || vision.isPresent() ? modelType + "_text" : modelType;
  }

  /**
   * The rotary embedding of the layers of a type, such as {@code sliding_attention}.
   *
   * @throws ModelFormatException when layers differ and none is given for this type
   */
  public RopeConfig rope(String layerType) {
    if (ropeByLayerType.isEmpty()) {
      return rope;
    }
    RopeConfig found = ropeByLayerType.get(layerType);
    if (found == null) {
      throw text.error(
          "rope_parameters",
          "an object for layers of type " + Quote.of(layerType),
          String.join(", ", ropeByLayerType.keySet()));
    }
    return found;
  }

  /**
   * The vision encoder's keys of a family that has one.
   *
   * @throws ModelFormatException when there is none
   */
  public ConfigNode requiredVision() {
    return vision.orElseThrow(
        () -> root.error("vision_config", "the vision tower's sizes", "none"));
  }

  /** The {@code architectures}, such as {@code Qwen2_5_VLForConditionalGeneration}. */
  public List<String> architectures() {
    return root.has("architectures") ? root.strings("architectures") : List.of();
  }

  /**
   * Whether the output matrix is the embedding matrix. The top-level key decides, else the default
   * of the family; for LLaVA a decoder that says {@code true} is enough.
   *
   * @param familyDefault what the family's configuration class says without the key
   */
  public boolean tieWordEmbeddings(boolean familyDefault) {
    String key = "tie_word_embeddings";
    boolean tied = root.booleanValue(key, familyDefault);
    return tied || (TYING_BY_DECODER.contains(modelType) && text.booleanValue(key, false));
  }

  /**
   * The type the weights were saved in as the file names it, such as {@code bfloat16}; the stored
   * tensors are the authority.
   */
  public Optional<String> dtype() {
    return root.optionalString("dtype")
        .or(() -> root.optionalString("torch_dtype"))
        .or(() -> text.optionalString("dtype"))
        .or(() -> text.optionalString("torch_dtype"));
  }

  /** The placeholder token of an image: {@code image_token_id}, also {@code image_token_index}. */
  public OptionalInt imageTokenId() {
    OptionalInt id = root.optionalInt("image_token_id");
    OptionalInt index = root.optionalInt("image_token_index");
    if (id.isPresent() && index.isPresent() && id.getAsInt() != index.getAsInt()) {
      throw root.error(
          "image_token_id",
          "the value of image_token_index, " + index.getAsInt(),
          "" + id.getAsInt());
    }
    return id.isPresent() ? id : index;
  }

  /**
   * End-of-sequence tokens, of the model or else of its decoder, or else the default of the
   * decoder's configuration class; empty when there is none.
   */
  public int[] eosTokenIds() {
    for (ConfigNode node : List.of(root, text)) {
      if (node.has("eos_token_id")) {
        return node.intOrInts("eos_token_id");
      }
    }
    if (root.isNull("eos_token_id") || text.isNull("eos_token_id")) {
      return new int[0];
    }
    return switch (textModelType()) {
      case "llama", "mistral", "seed_oss" -> new int[] {2};
      case "gemma3_text" -> new int[] {1};
      case "qwen2_vl_text", "qwen2_5_vl_text" -> new int[] {151645};
      default -> new int[0];
    };
  }

  /** A token such as {@code bos_token_id} or {@code pad_token_id}, of the model or its decoder. */
  public OptionalInt tokenId(String key) {
    OptionalInt id = root.optionalInt(key);
    return id.isPresent() ? id : text.optionalInt(key);
  }
}
