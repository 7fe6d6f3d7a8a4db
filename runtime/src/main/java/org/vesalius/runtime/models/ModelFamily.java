package org.vesalius.runtime.models;

import java.util.Optional;
import java.util.Set;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.answer.AnswerFormat;

/** A kind of model that this runtime can load. */
public interface ModelFamily {

  /** The {@code model_type} in config.json. */
  String modelType();

  /** What it is, for people: {@code Qwen2.5-VL}. */
  String displayName();

  /** How its models write reasoning, tool calls and places in pictures. */
  AnswerFormat answerFormat();

  /**
   * The chat template of checkpoints of this family that come without one, as Jinja; empty where
   * they all have one.
   */
  default Optional<String> defaultTemplate() {
    return Optional.empty();
  }

  /**
   * Tokens that the family's tokenizers have and its models may have no rows for, because they
   * share the tokenizer with another family. A prompt with one of them is refused.
   */
  default Set<String> foreignTokens() {
    return Set.of();
  }

  /**
   * Builds the model from its checkpoint.
   *
   * @param files the model's folder, for what lies beside the weights
   * @throws org.vesalius.loader.ModelFormatException where a file contradicts itself or another
   * @throws org.vesalius.runtime.UnsupportedModelException where the checkpoint wants something
   *     that is not supported
   */
  LoadedModel load(ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels);
}
