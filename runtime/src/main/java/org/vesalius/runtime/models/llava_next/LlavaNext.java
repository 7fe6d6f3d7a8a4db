package org.vesalius.runtime.models.llava_next;

import java.util.List;
import org.vesalius.kernels.Kernels;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.models.TextFamily;
import org.vesalius.runtime.models.llava.Llava;
import org.vesalius.runtime.models.llava.LlavaParts;
import org.vesalius.runtime.models.llava.LlavaProjector;
import org.vesalius.runtime.vision.ImageEncoder;
import org.vesalius.runtime.vision.LlavaNextImages;
import org.vesalius.runtime.vision.image.TiledImageProcessor;

/** LLaVA-Next (LLaVA-1.6): LLaVA that sees a picture whole and in tiles. */
public final class LlavaNext {
  private LlavaNext() {}

  /** The family, with any of these decoders. */
  public static Llava with(List<TextFamily> decoders) {
    return new Llava("llava_next", "LLaVA-Next", LlavaNext::encoder, decoders);
  }

  private static ImageEncoder encoder(
      PreprocessorConfig preprocessor,
      ConfigNode root,
      LlavaParts parts,
      LlavaProjector projector) {
    if (projector.tower().config().classToken() && !projector.dropsClassToken()) {
      throw root.error(
          "vision_feature_select_strategy",
          "default, since tiles are put together without class tokens",
          "full");
    }
    TiledImageProcessor processor =
        LlavaNextImages.processor(preprocessor, projector.tower().config().patchSize());
    projector.requireGrid(preprocessor.raw(), processor.grid());
    if (!LlavaNextImages.pinpoints(root).equals(processor.resolutions())) {
      throw preprocessor.raw().error("image_grid_pinpoints", "those of config.json", "others");
    }
    Kernels kernels = projector.kernels();
    return new LlavaNextEncoder(
        kernels, processor, projector, parts.newline(projector.outputWidth()));
  }
}
