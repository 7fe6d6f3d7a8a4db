package org.vesalius.runtime.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vesalius.kernels.Activation;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ModelConfig;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.models.gemma3.Gemma3Text;
import org.vesalius.runtime.models.llama.Llama;
import org.vesalius.runtime.models.mistral.Mistral;
import org.vesalius.runtime.models.qwen2.Qwen2;
import org.vesalius.runtime.models.qwen3.Qwen3;
import org.vesalius.runtime.models.qwen3_moe.Qwen3Moe;
import org.vesalius.runtime.models.qwen3_vl.Qwen3Vl;
import org.vesalius.runtime.models.seed_oss.SeedOss;
import org.vesalius.runtime.vision.FixedResolutionTower;

/**
 * Configurations in the form of the published checkpoints, which leave out what is a default, give
 * the numbers that those models have; and keys that other families read don't leak into a family.
 */
class PublishedConfigTest {

  private static ModelConfig config(String json) {
    return ModelConfig.of(
        ConfigNode.parse(
            json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), Path.of("config.json")));
  }

  private static void check(DecoderConfig found, String numbers) {
    assertEquals(
        numbers,
        "%d %d %d %d/%d %d %d"
            .formatted(
                found.width(),
                found.innerWidth(),
                found.layers(),
                found.heads(),
                found.kvHeads(),
                found.headSize(),
                found.vocabulary()));
  }

  @Test
  void medGemma4bStatesOnlyWhatDiffersFromTheClass() {
    ModelConfig config =
        config(
            """
            {'model_type': 'gemma3', 'eos_token_id': [1, 106], 'image_token_index': 262144,
             'mm_tokens_per_image': 256,
             'text_config': {'hidden_size': 2560, 'intermediate_size': 10240,
               'model_type': 'gemma3_text', 'num_hidden_layers': 34,
               'rope_scaling': {'factor': 8.0, 'rope_type': 'linear'}, 'sliding_window': 1024},
             'vision_config': {'hidden_size': 1152, 'image_size': 896, 'intermediate_size': 4304,
               'model_type': 'siglip_vision_model', 'num_attention_heads': 16,
               'num_hidden_layers': 27, 'patch_size': 14, 'vision_use_head': false}}
            """);
    DecoderConfig found = new Gemma3Text().sizes(config);
    check(found, "2560 10240 34 8/4 256 262208");
    assertTrue(found.tied());
    assertEquals(Activation.GELU_TANH, found.activation());
    assertEquals(1f / 16, found.attentionScale());
    assertEquals(131072, found.maxPositions());
    assertEquals(
        List.of(1024, 1024, 1024, 1024, 1024, 0, 1024), found.windows().subList(0, 7), "5 : 1");
    assertEquals(List.of(1, 1, 1, 1, 1, 0, 1), found.layerRopes().subList(0, 7));
    assertEquals(1e6, found.ropes().get(0).theta());
    assertEquals("linear", found.ropes().get(0).type());
    assertEquals(1e4, found.ropes().get(1).theta());
    assertEquals("default", found.ropes().get(1).type());
    var tower =
        FixedResolutionTower.Config.read(
            config.vision().orElseThrow(), FixedResolutionTower.SIGLIP);
    assertEquals(4096, tower.rows());
    assertEquals(1e-6f, tower.epsilon());
    assertEquals(72, tower.sizes().headSize());
  }

  @Test
  void medGemma27bScalesByAnotherNumberThanTheHeadSize() {
    ModelConfig config =
        config(
            """
            {'model_type': 'gemma3_text', 'hidden_size': 5376, 'intermediate_size': 21504,
             'num_hidden_layers': 62, 'num_attention_heads': 32, 'num_key_value_heads': 16,
             'head_dim': 128, 'vocab_size': 262144, 'query_pre_attn_scalar': 168,
             'max_position_embeddings': 131072, 'hidden_activation': 'gelu_pytorch_tanh',
             'sliding_window': 1024, 'sliding_window_pattern': 6, 'rms_norm_eps': 1e-06,
             'rope_theta': 1000000, 'rope_local_base_freq': 10000, 'cache_implementation': 'hybrid',
             'rope_scaling': {'factor': 8.0, 'rope_type': 'linear'}, 'attention_bias': false,
             'attn_logit_softcapping': null, 'final_logit_softcapping': null}
            """);
    DecoderConfig found = new Gemma3Text().sizes(config);
    check(found, "5376 21504 62 32/16 128 262144");
    assertEquals((float) (1 / Math.sqrt(168)), found.attentionScale());
    assertEquals(10, found.windows().stream().filter(window -> window == 0).count());
  }

  @Test
  void gemmaReadsItsOwnKeysOnly() {
    String text =
        """
        {'model_type': 'gemma3_text', 'hidden_size': 64, 'hidden_act': 'silu',
         '_sliding_window_pattern': 2, 'num_hidden_layers': 6}
        """;
    DecoderConfig found = new Gemma3Text().sizes(config(text));
    assertEquals(Activation.GELU_TANH, found.activation());
    assertEquals(List.of(4096, 4096, 4096, 4096, 4096, 0), found.windows());
  }

  @Test
  void otherFamiliesIgnoreGemmasKeys() {
    DecoderConfig found =
        new Llama()
            .sizes(
                config(
                    """
                    {'model_type': 'llama', 'hidden_size': 64, 'num_attention_heads': 4,
                     'query_pre_attn_scalar': 7, 'hidden_activation': 'gelu'}
                    """));
    assertEquals(0.25f, found.attentionScale());
    assertEquals(Activation.SILU, found.activation());
  }

  @Test
  void llava15SaysNearlyNothing() {
    ModelConfig config =
        config(
            """
            {'model_type': 'llava', 'image_token_index': 32000, 'pad_token_id': 32001,
             'projector_hidden_act': 'gelu', 'vision_feature_layer': -2,
             'text_config': {'_name_or_path': 'lmsys/vicuna-7b-v1.5',
               'max_position_embeddings': 4096, 'model_type': 'llama', 'rms_norm_eps': 1e-05,
               'torch_dtype': 'float16', 'vocab_size': 32064},
             'vision_config': {'hidden_size': 1024, 'image_size': 336, 'intermediate_size': 4096,
               'model_type': 'clip_vision_model', 'num_attention_heads': 16,
               'num_hidden_layers': 24, 'patch_size': 14, 'projection_dim': 768,
               'vocab_size': 32000}}
            """);
    DecoderConfig found = new Llama().sizes(config);
    check(found, "4096 11008 32 32/32 128 32064");
    assertFalse(found.tied());
    assertEquals(1e-5f, found.epsilon());
    assertEquals(1e4, found.ropes().getFirst().theta());
    assertEquals(List.of(2), java.util.Arrays.stream(config.eosTokenIds()).boxed().toList());
    var tower =
        FixedResolutionTower.Config.read(config.vision().orElseThrow(), FixedResolutionTower.CLIP);
    assertEquals(577, tower.rows());
    assertEquals(1e-5f, tower.epsilon());
  }

  @Test
  void llavaNextMistralHasNoWindow() {
    DecoderConfig found =
        new Mistral()
            .sizes(
                config(
                    """
                    {'model_type': 'llava_next', 'tie_word_embeddings': false,
                     'text_config': {'_name_or_path': 'mistralai/Mistral-7B-Instruct-v0.2',
                       'intermediate_size': 14336, 'max_position_embeddings': 32768,
                       'model_type': 'mistral', 'num_key_value_heads': 8, 'rms_norm_eps': 1e-05,
                       'rope_theta': 1000000.0, 'sliding_window': null, 'vocab_size': 32064}}
                    """));
    check(found, "4096 14336 32 32/8 128 32064");
    assertEquals(Set.of(0), Set.copyOf(found.windows()));
    assertEquals(1e6, found.ropes().getFirst().theta());
  }

  @Test
  void mistralWithoutTheKeyHasTheWindowOfItsClass() {
    DecoderConfig found =
        new Mistral().sizes(config("{'model_type': 'mistral', 'hidden_size': 4096}"));
    assertEquals(Set.of(4096), Set.copyOf(found.windows()));
  }

  @Test
  void llavaMed() {
    DecoderConfig found =
        new Mistral()
            .sizes(
                config(
                    """
                    {'model_type': 'llava_mistral', 'hidden_act': 'silu', 'hidden_size': 4096,
                     'intermediate_size': 14336, 'max_position_embeddings': 32768,
                     'mm_hidden_size': 1024, 'mm_projector_type': 'mlp2x_gelu',
                     'mm_vision_tower': 'openai/clip-vit-large-patch14-336',
                     'num_attention_heads': 32, 'num_hidden_layers': 32, 'num_key_value_heads': 8,
                     'rms_norm_eps': 1e-05, 'rope_theta': 1000000.0, 'sliding_window': null,
                     'tie_word_embeddings': false, 'vocab_size': 32000}
                    """));
    check(found, "4096 14336 32 32/8 128 32000");
    assertEquals(Set.of(0), Set.copyOf(found.windows()));
    assertEquals(1e-5f, found.epsilon());
  }

  @Test
  void lingshu7b() {
    DecoderConfig found =
        QwenVisionModel.secondGeneration(
            config(
                """
                {'model_type': 'qwen2_5_vl', 'hidden_act': 'silu', 'hidden_size': 3584,
                 'intermediate_size': 18944, 'max_position_embeddings': 128000,
                 'max_window_layers': 28, 'num_attention_heads': 28, 'num_hidden_layers': 28,
                 'num_key_value_heads': 4, 'rms_norm_eps': 1e-06, 'rope_theta': 1000000.0,
                 'rope_scaling': {'mrope_section': [16, 24, 24], 'rope_type': 'default',
                   'type': 'default'},
                 'sliding_window': 32768, 'tie_word_embeddings': false,
                 'use_sliding_window': false, 'vocab_size': 152064}
                """));
    check(found, "3584 18944 28 28/4 128 152064");
    assertEquals(Set.of(0), Set.copyOf(found.windows()));
    assertFalse(found.ropes().getFirst().mropeInterleaved());
    assertEquals(1e6, found.ropes().getFirst().theta());
  }

  @Test
  void qwen2VlNormsHaveAnotherEpsilonWhereTheFileIsSilent() {
    DecoderConfig found =
        QwenVisionModel.secondGeneration(
            config(
                """
                {'model_type': 'qwen2_vl', 'hidden_size': 1536, 'intermediate_size': 8960,
                 'num_attention_heads': 12, 'num_hidden_layers': 28, 'num_key_value_heads': 2,
                 'tie_word_embeddings': true, 'vocab_size': 151936, 'vision_config': {},
                 'rope_scaling': {'type': 'mrope', 'mrope_section': [16, 24, 24]}}
                """));
    check(found, "1536 8960 28 12/2 128 151936");
    assertTrue(found.tied());
    assertEquals(1e-5f, found.epsilon());
  }

  @Test
  void medMo8b() {
    DecoderConfig found = Qwen3Vl.dense().sizes(config(qwen3("qwen3_vl", "")));
    check(found, "4096 12288 36 32/8 128 151936");
    assertTrue(found.ropes().getFirst().mropeInterleaved());
    assertEquals(5e6, found.ropes().getFirst().theta());
    assertFalse(found.tied());
  }

  /** In this family the shares always add up to one, whatever {@code norm_topk_prob} says. */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void qwen3VlMoe(String renormalise) {
    String experts =
        """
        'num_experts': 128, 'num_experts_per_tok': 8, 'moe_intermediate_size': 768,
        'decoder_sparse_step': 1, 'mlp_only_layers': [], 'norm_topk_prob': %s,
        """
            .formatted(renormalise);
    DecoderConfig found = Qwen3Vl.mixture().sizes(config(qwen3("qwen3_vl_moe", experts)));
    var sparse = found.experts().orElseThrow();
    assertEquals(128, sparse.count());
    assertEquals(8, sparse.perToken());
    assertEquals(768, sparse.innerWidth());
    assertEquals(36, sparse.layers().size());
    assertTrue(sparse.renormalise());
  }

  private static String qwen3(String type, String more) {
    return """
    {'model_type': '%s', 'tie_word_embeddings': false, 'image_token_id': 151655,
     'text_config': {'model_type': '%s_text', %s 'attention_bias': false, 'head_dim': 128,
       'hidden_act': 'silu', 'hidden_size': 4096, 'intermediate_size': 12288,
       'max_position_embeddings': 262144, 'num_attention_heads': 32, 'num_hidden_layers': 36,
       'num_key_value_heads': 8, 'rms_norm_eps': 1e-06, 'rope_theta': 5000000,
       'rope_scaling': {'mrope_interleaved': true, 'mrope_section': [24, 20, 20],
         'rope_type': 'default'},
       'use_cache': true, 'vocab_size': 151936}}
    """
        .formatted(type, type, more);
  }

  @Test
  void llama31() {
    DecoderConfig found =
        new Llama()
            .sizes(
                config(
                    """
                    {'model_type': 'llama', 'hidden_size': 4096, 'intermediate_size': 14336,
                     'max_position_embeddings': 131072, 'mlp_bias': false,
                     'num_attention_heads': 32, 'num_hidden_layers': 32, 'num_key_value_heads': 8,
                     'pretraining_tp': 1, 'rms_norm_eps': 1e-05, 'rope_theta': 500000.0,
                     'rope_scaling': {'factor': 8.0, 'low_freq_factor': 1.0,
                       'high_freq_factor': 4.0, 'original_max_position_embeddings': 8192,
                       'rope_type': 'llama3'}, 'tie_word_embeddings': false,
                     'vocab_size': 128256, 'eos_token_id': [128001, 128008, 128009]}
                    """));
    check(found, "4096 14336 32 32/8 128 128256");
    assertEquals("llama3", found.ropes().getFirst().type());
    assertEquals(131072, found.maxPositions());
  }

  @Test
  void textQwens() {
    check(
        new Qwen2()
            .sizes(
                config(
                    """
                    {'model_type': 'qwen2', 'hidden_size': 3584, 'intermediate_size': 18944,
                     'num_attention_heads': 28, 'num_hidden_layers': 28, 'num_key_value_heads': 4,
                     'vocab_size': 152064, 'use_sliding_window': false, 'sliding_window': 131072,
                     'max_window_layers': 28, 'rope_theta': 1000000.0}
                    """)),
        "3584 18944 28 28/4 128 152064");
    check(
        new Qwen3()
            .sizes(
                config(
                    """
                    {'model_type': 'qwen3', 'hidden_size': 2560, 'intermediate_size': 9728,
                     'num_attention_heads': 32, 'num_hidden_layers': 36, 'num_key_value_heads': 8,
                     'vocab_size': 151936, 'rope_theta': 1000000}
                    """)),
        "2560 9728 36 32/8 128 151936");
    DecoderConfig sparse =
        new Qwen3Moe()
            .sizes(
                config(
                    """
                    {'model_type': 'qwen3_moe', 'hidden_size': 2048, 'intermediate_size': 6144,
                     'num_attention_heads': 32, 'num_hidden_layers': 48, 'num_key_value_heads': 4,
                     'head_dim': 128, 'num_experts': 128, 'moe_intermediate_size': 768,
                     'norm_topk_prob': true, 'vocab_size': 151936, 'rope_theta': 1000000.0}
                    """));
    assertEquals(8, sparse.experts().orElseThrow().perToken());
    assertTrue(sparse.experts().orElseThrow().renormalise());
  }

  @Test
  void seedOss36b() {
    check(
        new SeedOss()
            .sizes(
                config(
                    """
                    {'model_type': 'seed_oss', 'attention_bias': true, 'attention_out_bias': false,
                     'hidden_size': 5120, 'intermediate_size': 27648,
                     'max_position_embeddings': 524288, 'num_attention_heads': 80,
                     'num_hidden_layers': 64, 'num_key_value_heads': 8,
                     'rope_scaling': {'rope_type': 'default'}, 'rope_theta': 10000000.0,
                     'vocab_size': 155136}
                    """)),
        "5120 27648 64 80/8 128 155136");
  }

  /** What the family's code does not look at, or looks at in one place only, is refused. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | 'sliding_window': 8 | sliding_window",
        "llama | 'layer_types': ['sliding_attention', 'full_attention'] | layer_types",
        "mistral | 'sliding_window': 8, 'layer_types': ['full_attention', 'full_attention'] |"
            + " layer_types",
        "qwen2 | 'sliding_window': 8, 'layer_types': ['sliding_attention', 'full_attention'] |"
            + " use_sliding_window",
        "qwen2_5_vl | 'rope_scaling': {'mrope_section': [1, 1, 2], 'mrope_interleaved': true} |"
            + " mrope_interleaved",
        "qwen3_moe | 'num_experts': 4, 'num_local_experts': 5 | num_local_experts"
      })
  void contradictionsAreRefused(String type, String keys, String named) {
    ModelConfig config =
        config(
            """
            {'model_type': '%s', 'rope_theta': 500, 'hidden_size': 64, 'intermediate_size': 64, 'vocab_size': 99,
             'num_attention_heads': 8, 'num_key_value_heads': 8, 'num_hidden_layers': 2,
             'moe_intermediate_size': 8, %s}
            """
                .formatted(type, keys));
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> sizes(type, config), type + " " + keys);
    assertTrue(String.valueOf(e.getMessage()).contains(named + "\""), e.getMessage());
    assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
  }

  private static DecoderConfig sizes(String type, ModelConfig config) {
    return switch (type) {
      case "llama" -> new Llama().sizes(config);
      case "mistral" -> new Mistral().sizes(config);
      case "qwen2" -> new Qwen2().sizes(config);
      case "qwen3_moe" -> new Qwen3Moe().sizes(config);
      case "qwen2_5_vl" -> QwenVisionModel.secondGeneration(config);
      default -> throw new IllegalArgumentException(type);
    };
  }
}
