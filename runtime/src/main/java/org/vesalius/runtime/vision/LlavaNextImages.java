package org.vesalius.runtime.vision;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.ImageSize;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.Size;
import org.vesalius.runtime.vision.image.TiledImageProcessor;

/** Builds the image processor of LLaVA-Next from {@code preprocessor_config.json}. */
public final class LlavaNextImages {
  private static final String PINPOINTS = "image_grid_pinpoints";

  /** Of the class in transformers 5.12.1, where a file is silent; height before width. */
  private static final List<Size> DEFAULT_PINPOINTS =
      List.of(
          new Size(336, 672),
          new Size(672, 336),
          new Size(672, 672),
          new Size(1008, 336),
          new Size(336, 1008));

  private LlavaNextImages() {}

  /**
   * The processor that a configuration describes.
   *
   * @param patchSize patch size of the vision tower, from config.json
   * @throws UnsupportedModelException if it wants something that the processor does not do
   */
  public static TiledImageProcessor processor(PreprocessorConfig config, int patchSize) {
    ImageSettings.check(config, Set.of("LlavaNextImageProcessor"));
    ConfigNode raw = config.raw();
    ImageSettings.requireOn(raw, "do_resize", config.doResize());
    int side = side(config);
    List<Size> resolutions = pinpoints(raw);
    return ImageSettings.build(
        raw,
        () ->
            new TiledImageProcessor(
                side,
                Filter.ofPillowCode(config.resample()),
                resolutions,
                FixedSizeImages.normalization(config),
                patchSize));
  }

  /**
   * The resolutions in a file: of preprocessor_config.json for the processor, of config.json for
   * the model, which must be the same.
   */
  public static List<Size> pinpoints(ConfigNode node) {
    if (!node.has(PINPOINTS)) {
      return DEFAULT_PINPOINTS;
    }
    List<Size> sizes = new ArrayList<>();
    for (List<Integer> pair : node.intLists(PINPOINTS)) {
      if (pair.size() != 2) {
        throw node.error(PINPOINTS, "pairs of height and width", pair.toString());
      }
      sizes.add(new Size(pair.get(0), pair.get(1)));
    }
    return List.copyOf(sizes);
  }

  /** Whole picture and tiles are squares of one side, and so the crop leaves them as they are. */
  private static int side(PreprocessorConfig config) {
    ImageSize size = config.size();
    ImageSize crop = config.cropSize();
    int side = size.shortestEdge().orElse(size.height().orElse(0));
    boolean square = size.height().equals(size.width()) && size.longestEdge().isEmpty();
    boolean oneWay = size.shortestEdge().isPresent() != size.height().isPresent();
    if (!square || !oneWay) {
      throw ImageSettings.unsupported(
          config.raw(),
          "size",
          FixedSizeImages.describe(size),
          "shortest_edge, or height equal to width");
    }
    if (crop.height().orElse(side) != side || crop.width().orElse(side) != side) {
      throw ImageSettings.unsupported(
          config.raw(),
          "crop_size",
          FixedSizeImages.describe(crop),
          "the size, " + side + " by " + side);
    }
    return side;
  }
}
