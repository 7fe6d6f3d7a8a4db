package org.vesalius.runtime.models;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.models.gemma3.Gemma3;
import org.vesalius.runtime.models.gemma3.Gemma3Text;
import org.vesalius.runtime.models.llama.Llama;
import org.vesalius.runtime.models.llava.Llava;
import org.vesalius.runtime.models.llava_next.LlavaNext;
import org.vesalius.runtime.models.llava_original.LlavaTemplates;
import org.vesalius.runtime.models.llava_original.OriginalLlava;
import org.vesalius.runtime.models.mistral.Mistral;
import org.vesalius.runtime.models.qwen2.Qwen2;
import org.vesalius.runtime.models.qwen2_5_vl.Qwen25Vl;
import org.vesalius.runtime.models.qwen2_vl.Qwen2Vl;
import org.vesalius.runtime.models.qwen3.Qwen3;
import org.vesalius.runtime.models.qwen3_moe.Qwen3Moe;
import org.vesalius.runtime.models.qwen3_vl.Qwen3Vl;
import org.vesalius.runtime.models.seed_oss.SeedOss;
import org.vesalius.runtime.models.seed_vl.SeedVl;

/** The model families that this version runs. */
public final class ModelFamilies {
  private static final List<TextFamily> TEXT =
      List.of(
          new Llama(),
          new Mistral(),
          new Qwen2(),
          new Qwen3(),
          new Qwen3Moe(),
          new Gemma3Text(),
          new SeedOss());

  private static final List<ModelFamily> VISION =
      List.of(
          new Qwen2Vl(),
          new Qwen25Vl(),
          Qwen3Vl.dense(),
          Qwen3Vl.mixture(),
          new Gemma3(),
          Llava.plain(TEXT),
          LlavaNext.with(TEXT),
          new OriginalLlava("llava_mistral", new Mistral(), Optional.of(LlavaTemplates.MISTRAL)),
          new OriginalLlava("llava_qwen2", new Qwen2(), Optional.of(LlavaTemplates.HUATUO)),
          new OriginalLlava("llava_llama", new Llama(), Optional.empty()),
          new SeedVl(new SeedOss()));

  private static final List<ModelFamily> ALL =
      Stream.concat(VISION.stream(), TEXT.stream()).toList();

  private ModelFamilies() {}

  /** All of them. */
  public static List<ModelFamily> all() {
    return ALL;
  }

  /**
   * The family of a configuration.
   *
   * @throws UnsupportedModelException listing the families, if there is none
   */
  public static ModelFamily of(ModelConfig config) {
    return ALL.stream()
        .filter(family -> family.modelType().equals(config.modelType()))
        .findFirst()
        .orElseThrow(() ->
            new UnsupportedModelException(
                config.root().file()
                    + ": model_type: expected one of "
                    + ALL.stream().map(ModelFamily::modelType).collect(Collectors.joining(", "))
                    + ", found \""
                    + config.modelType()
                    + "\""));
  }
}
