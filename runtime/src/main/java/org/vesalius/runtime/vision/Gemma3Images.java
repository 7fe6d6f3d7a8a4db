package org.vesalius.runtime.vision;

import java.util.Optional;
import java.util.Set;
import org.vesalius.loader.ConfigNode;
import org.vesalius.loader.PreprocessorConfig;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.vision.image.PanAndScan;
import org.vesalius.runtime.vision.image.PanAndScanImageProcessor;

/** Builds the image processor of Gemma 3 from {@code preprocessor_config.json}. */
public final class Gemma3Images {
  private Gemma3Images() {}

  /**
   * The processor that a configuration describes, with pan and scan off.
   *
   * <p>{@code do_pan_and_scan} of the file does not turn it on: {@code Gemma3Processor} of
   * transformers 5.12.1 overrides it with false unless a request asks for it. Who wants the file's
   * word takes {@link #panAndScan}.
   *
   * @param patchSize patch size of the vision tower, from config.json
   * @throws UnsupportedModelException if it wants something that the processor does not do
   */
  public static PanAndScanImageProcessor processor(PreprocessorConfig config, int patchSize) {
    ImageSettings.check(config, Set.of("Gemma3ImageProcessor"));
    for (String key : new String[] {"do_center_crop", "do_pad"}) {
      if (FixedSizeImages.isOn(config.raw(), key)) {
        throw ImageSettings.unsupported(config.raw(), key, "true", "false");
      }
    }
    return new PanAndScanImageProcessor(
        FixedSizeImages.build(config, false, patchSize), Optional.empty());
  }

  /**
   * Pan and scan as the file asks for it, as {@code Gemma3ImageProcessor} by itself would do it;
   * numbers that it does not give are those of {@link PanAndScan#GEMMA3}.
   */
  public static Optional<PanAndScan> panAndScan(PreprocessorConfig config) {
    ConfigNode raw = config.raw();
    if (!FixedSizeImages.isOn(raw, "do_pan_and_scan")) {
      return Optional.empty();
    }
    PanAndScan absent = PanAndScan.GEMMA3;
    return Optional.of(
        ImageSettings.build(
            raw,
            () ->
                new PanAndScan(
                    raw.intValue("pan_and_scan_min_crop_size", absent.minCropSize()),
                    raw.intValue("pan_and_scan_max_num_crops", absent.maxCrops()),
                    raw.doubleValue("pan_and_scan_min_ratio_to_activate", absent.minRatio()))));
  }
}
