package org.vesalius.runtime.models;

import org.vesalius.kernels.Kernels;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.ModelConfig;
import org.vesalius.runtime.layers.Decoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.layers.DecoderReader;
import org.vesalius.runtime.layers.DecoderStyle;
import org.vesalius.runtime.layers.WeightReader;

/** A family of text models, whose decoder may also be that of a vision-language model. */
public interface TextFamily extends ModelFamily {

  /** What the decoders of this family are; may look at the configuration for optional biases. */
  DecoderStyle style(ModelConfig config);

  /** Whether the head is the embedding where the configuration does not say. */
  default boolean tiedByDefault() {
    return false;
  }

  /** The sizes of the decoder. */
  default DecoderConfig sizes(ModelConfig config) {
    return DecoderConfig.read(config, style(config), tiedByDefault());
  }

  /**
   * Reads the decoder.
   *
   * @param model where {@code embed_tokens}, {@code layers} and {@code norm} are
   * @param root where {@code lm_head} is
   */
  default Decoder decoder(
      WeightReader model, WeightReader root, ModelConfig config, Kernels kernels) {
    return new DecoderReader(kernels, sizes(config), style(config)).read(model, root);
  }

  @Override
  default LoadedModel load(
      ModelFiles files, ModelConfig config, Checkpoint checkpoint, Kernels kernels) {
    WeightReader root = files.reader(checkpoint, kernels);
    Decoder decoder = decoder(root.at("model"), root, config, kernels);
    root.requireAllRead(name -> DecoderReader.isDerived(name));
    return LoadedModel.text(decoder);
  }
}
