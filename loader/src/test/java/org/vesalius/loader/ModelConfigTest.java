package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.ConfigNodeTest.json;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both layouts; the expected values were read from transformers 5.12.1 ({@code AutoConfig}). */
class ModelConfigTest {
  private static ModelConfig config(String json) {
    return ModelConfig.of(json(json));
  }

  private static ModelConfig llama(String keys) {
    return config(
        "{'model_type':'llama','hidden_size':64,'max_position_embeddings':512" + keys + "}");
  }

  private static void assertRefused(String json, String part) {
    ModelFormatException e = assertThrows(ModelFormatException.class, () -> config(json));
    assertTrue(String.valueOf(e.getMessage()).contains(part), e.getMessage());
  }

  @Test
  void flatAndNestedFixturesSayTheSame() {
    ModelConfig nested = ModelConfig.read(FixtureCheckpointTest.fixture("qwen2_5_vl"));
    ModelConfig flat = ModelConfig.read(FixtureCheckpointTest.fixture("qwen2_5_vl/legacy"));
    assertEquals("text_config", nested.text().path());
    assertEquals("", flat.text().path());
    for (ModelConfig config : List.of(nested, flat)) {
      assertEquals("qwen2_5_vl", config.modelType());
      assertEquals("qwen2_5_vl_text", config.textModelType());
      assertEquals(List.of("Qwen2_5_VLForConditionalGeneration"), config.architectures());
      assertEquals(56, config.text().intValue("hidden_size"));
      assertEquals(2, config.text().intValue("num_key_value_heads"));
      assertEquals(1e-6, config.text().doubleValue("rms_norm_eps"));
      assertEquals(36, config.vision().orElseThrow().intValue("hidden_size"));
      assertArrayEquals(
          new int[] {1, 3}, config.vision().orElseThrow().ints("fullatt_block_indexes"));
      assertEquals("default", config.rope().type());
      assertEquals(500.0, config.rope().theta());
      assertArrayEquals(new int[] {1, 4, 2}, config.rope().mropeSection());
      assertFalse(config.rope().mropeInterleaved());
      assertTrue(config.ropeByLayerType().isEmpty());
      assertEquals(config.rope(), config.rope("full_attention"));
      assertFalse(config.tieWordEmbeddings(true));
      assertEquals(OptionalInt.of(997), config.imageTokenId());
      assertArrayEquals(new int[] {987}, config.eosTokenIds());
      assertEquals(OptionalInt.of(985), config.tokenId("bos_token_id"));
    }
    assertEquals(Optional.of("float32"), nested.dtype());
    assertEquals(Optional.of("bfloat16"), flat.dtype());
  }

  @Test
  void textFixtures() {
    ModelConfig config = ModelConfig.read(FixtureCheckpointTest.fixture("qwen3"));
    assertEquals("qwen3", config.textModelType());
    assertEquals(Optional.empty(), config.vision());
    assertEquals(1e6, config.rope().theta());
    assertEquals(0, config.rope().mropeSection().length);
    assertTrue(config.tieWordEmbeddings(false));
    assertEquals(OptionalInt.empty(), config.imageTokenId());
  }

  @Test
  void nestedDecoderHidesDecoderKeysAtTheTop() {
    ModelConfig config =
        config(
            "{'model_type':'qwen2_vl','hidden_size':128,'rope_theta':7.0,'vision_config':{},"
                + "'text_config':{'hidden_size':64}}");
    assertEquals(64, config.text().intValue("hidden_size"));
    assertEquals(1e6, config.rope().theta());
  }

  @Test
  void interleavedMrope() {
    ModelConfig config =
        config(
            "{'model_type':'qwen3_vl','vision_config':{},'text_config':{'rope_theta':5000000,"
                + "'rope_scaling':{'mrope_interleaved':true,'mrope_section':[24,20,20],"
                + "'rope_type':'default'}}}");
    assertTrue(config.rope().mropeInterleaved());
    assertArrayEquals(new int[] {24, 20, 20}, config.rope().mropeSection());
    assertEquals(5e6, config.rope().theta());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "                                                                  | default | 10000",
        ",'rope_theta':2.0                                                 | default | 2",
        ",'rope_theta':2.0,'rope_scaling':null                             | default | 2",
        ",'rope_theta':2.0,'rope_scaling':{}                               | default | 2",
        ",'rope_theta':2.0,'rope_scaling':{'factor':2.0}                   | default | 2",
        ",'rope_theta':2.0,'rope_scaling':{'type':'linear','factor':2.0}   | linear  | 2",
        ",'rope_theta':2.0,'rope_scaling':{'type':'linear','rope_theta':9} | linear  | 9",
        ",'rope_scaling':{'type':'linear','rope_type':'dynamic'}           | dynamic | 10000",
        ",'rope_theta':2.0,'rope_parameters':{'rope_theta':3.0}            | default | 3",
        ",'rope_theta':2.0,'rope_parameters':{'rope_type':'default'}       | default | 2",
        ",'rope_theta':2.0,'rope_scaling':{'rope_type':'linear'},'rope_parameters':{'rope_theta':3.0}"
            + " | linear | 2",
      })
  void ropeOfBothLayouts(String keys, String type, double theta) {
    ModelConfig config = llama(keys == null ? "" : keys);
    assertEquals(type, config.rope().type());
    assertEquals(theta, config.rope().theta());
    assertEquals(type, config.rope().parameters().string("rope_type"));
    assertEquals(theta, config.rope().parameters().doubleValue("rope_theta"));
  }

  @Test
  void trainedLengthOfScaledRope() {
    String scaling = ",'rope_scaling':{'rope_type':'llama3','factor':8.0%s}";
    String key = "original_max_position_embeddings";
    assertEquals(512, llama(scaling.formatted("")).rope().parameters().intValue(key));
    assertEquals(
        64, llama(scaling.formatted(",'" + key + "':64")).rope().parameters().intValue(key));
    assertEquals(
        32,
        llama(scaling.formatted(",'" + key + "':64") + ",'" + key + "':32")
            .rope()
            .parameters()
            .intValue(key));
    assertFalse(llama(",'rope_scaling':{'type':'linear','factor':2}").rope().parameters().has(key));
  }

  @Test
  void partialRotaryFactorIsCompleted() {
    assertEquals(
        0.5,
        llama(",'partial_rotary_factor':0.5")
            .rope()
            .parameters()
            .doubleValue("partial_rotary_factor"));
  }

  private static String gemma3(String keys) {
    return "{'model_type':'gemma3','vision_config':{},'text_config':{'model_type':'gemma3_text',"
        + "'hidden_size':56"
        + keys
        + "}}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ",'rope_theta':1e6,'rope_local_base_freq':1e4,'rope_scaling':{'rope_type':'linear','factor':8.0}"
            + " | linear | 1e6 | 1e4",
        ",'rope_parameters':{'full_attention':{'rope_type':'linear','factor':8.0,'rope_theta':5.0},"
            + "'sliding_attention':{'rope_type':'default','rope_theta':3.0}} | linear | 5 | 3",
        ",'rope_parameters':{'full_attention':{'rope_type':'linear','factor':8.0,'rope_theta':5.0}}"
            + " | linear | 5 | 1e4",
        ",'rope_theta':7.0,'rope_local_base_freq':6.0,'rope_scaling':null | default | 7 | 6",
        "| default | 1e6 | 1e4",
      })
  void gemma3HasARopePerLayerType(String keys, String fullType, double full, double sliding) {
    ModelConfig config = config(gemma3(keys == null ? "" : keys));
    assertEquals(Set.of("full_attention", "sliding_attention"), config.ropeByLayerType().keySet());
    assertEquals(fullType, config.rope("full_attention").type());
    assertEquals(full, config.rope("full_attention").theta());
    assertEquals(config.rope(), config.rope("full_attention"));
    assertEquals("default", config.rope("sliding_attention").type());
    assertEquals(sliding, config.rope("sliding_attention").theta());
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> config.rope("chunked_attention"));
    assertTrue(String.valueOf(e.getMessage()).contains("chunked_attention"), e.getMessage());
  }

  @Test
  void gemma3WithFlatRopeParametersIsRefused() {
    assertRefused(
        gemma3(",'rope_parameters':{'rope_type':'default','rope_theta':5.0}"),
        "key \"text_config.rope_parameters\": expected one object per layer type");
  }

  @Test
  void otherFamiliesMayHaveARopePerLayerTypeToo() {
    ModelConfig config =
        config(
            "{'model_type':'new','hidden_size':8,'rope_parameters':{'full_attention':"
                + "{'rope_theta':5.0},'sliding_attention':{'rope_theta':4.0}}}");
    assertEquals(5.0, config.rope().theta());
    assertEquals(4.0, config.rope("sliding_attention").theta());
  }

  @Test
  void unknownLayouts() {
    assertRefused("{'hidden_size':8}", "key \"model_type\": expected a string, found no such key");
    assertRefused("{'model_type':'x'}", "key \"text_config\": expected it, or hidden_size");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'llm_config':{'hidden_size':4}}",
        "key \"llm_config\": expected the decoder in text_config or at the top level, found it here");
    assertRefused(
        "{'model_type':'x','hidden_size':8}",
        "key \"rope_theta\": expected it here or in rope_parameters, found no such key");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'rope_parameters':{'rope_theta':1,'full_attention':{}}}",
        "key \"rope_parameters.full_attention\"");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'rope_parameters':{'sliding_attention':{'rope_theta':1}}}",
        "expected an object for full_attention, found sliding_attention");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'rope_theta':1,'rope_scaling':{'type':'mrope'}}",
        "key \"rope_scaling.mrope_section\": expected a list of integers, found no such key");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'rope_theta':0}", "a positive number, found 0.0");
    assertRefused(
        "{'model_type':'x','hidden_size':8,'rope_theta':1,'rope_scaling':'linear'}",
        "key \"rope_scaling\": expected an object, found the string \"linear\"");
  }

  @ParameterizedTest
  @CsvSource({
    "qwen3_vl,     ,     , false",
    "qwen3_vl,     , true, false",
    "qwen3_vl, true,     , true",
    "qwen3_vl, true, false, true",
    "qwen3_vl, false, true, false",
    "llava,     ,     , false",
    "llava,     , true, true",
    "llava, true, false, true",
    "llava, false, true, true",
    "llava, false, false, false",
  })
  void tiedEmbeddingsAreDecidedAtTheTop(String type, String top, String text, boolean tied) {
    String key = "'tie_word_embeddings':";
    ModelConfig config =
        config(
            "{'model_type':'"
                + type
                + "'"
                + (top == null ? "" : "," + key + top)
                + ",'text_config':{'rope_theta':1"
                + (text == null ? "" : "," + key + text)
                + "}}");
    assertEquals(tied, config.tieWordEmbeddings(false));
  }

  @Test
  void tiedEmbeddingsDefaultToTheFamily() {
    assertTrue(config(gemma3(",'tie_word_embeddings':false")).tieWordEmbeddings(true));
    assertTrue(llama(",'tie_word_embeddings':true").tieWordEmbeddings(false));
  }

  @Test
  void dtypeWinsOverTorchDtype() {
    assertEquals(
        Optional.of("float32"), llama(",'torch_dtype':'float16','dtype':'float32'").dtype());
    assertEquals(Optional.of("float16"), llama(",'torch_dtype':'float16'").dtype());
    assertEquals(Optional.empty(), llama("").dtype());
    assertEquals(Optional.of("bfloat16"), config(gemma3(",'dtype':'bfloat16'")).dtype());
  }

  @Test
  void imageTokenUnderEitherName() {
    assertEquals(OptionalInt.of(4), llama(",'image_token_index':4").imageTokenId());
    assertEquals(
        OptionalInt.of(4), llama(",'image_token_index':4,'image_token_id':4").imageTokenId());
    ModelConfig both = llama(",'image_token_index':4,'image_token_id':5");
    assertThrows(ModelFormatException.class, both::imageTokenId);
  }

  @Test
  void decoderWithoutANameOfItsOwn() {
    assertEquals(
        "llama", config("{'model_type':'llava','text_config':{'rope_theta':1}}").textModelType());
    assertEquals(
        "qwen3_vl_text",
        config("{'model_type':'qwen3_vl','text_config':{'rope_theta':1}}").textModelType());
  }

  @Test
  void specialTokensOfTheDecoder() {
    ModelConfig config = config(gemma3(",'eos_token_id':[1,106],'pad_token_id':0"));
    assertArrayEquals(new int[] {1, 106}, config.eosTokenIds());
    assertEquals(OptionalInt.of(0), config.tokenId("pad_token_id"));
    assertArrayEquals(new int[] {2}, llama("").eosTokenIds(), "the default of its class");
    assertEquals(0, llama(",'eos_token_id':null").eosTokenIds().length);
  }
}
