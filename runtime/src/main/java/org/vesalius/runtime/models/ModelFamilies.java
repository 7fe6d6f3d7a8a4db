package org.vesalius.runtime.models;

import java.util.List;
import java.util.stream.Collectors;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.models.qwen2.Qwen2;
import org.vesalius.runtime.models.qwen2_5_vl.Qwen25Vl;
import org.vesalius.runtime.models.qwen3.Qwen3;

/** The model families that this version runs. */
public final class ModelFamilies {
  private static final List<ModelFamily> ALL = List.of(new Qwen25Vl(), new Qwen2(), new Qwen3());

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
