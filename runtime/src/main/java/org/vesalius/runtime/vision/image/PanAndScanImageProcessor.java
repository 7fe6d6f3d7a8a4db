package org.vesalius.runtime.vision.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a picture into the inputs of Gemma 3's vision tower: the whole picture and, where pan and
 * scan is on and the picture is long enough, crops of it. Immutable.
 *
 * <p>Source: transformers 5.12.1, {@code Gemma3ImageProcessorPil}.
 */
public final class PanAndScanImageProcessor {
  private final FixedSizeImageProcessor processor;
  private final Optional<PanAndScan> panAndScan;

  /**
   * @param processor what is done with the whole picture and with each crop
   * @param panAndScan how crops are cut; empty for none
   */
  public PanAndScanImageProcessor(
      FixedSizeImageProcessor processor, Optional<PanAndScan> panAndScan) {
    this.processor = processor;
    this.panAndScan = panAndScan;
  }

  /** The same processor that cuts crops in this way. */
  public PanAndScanImageProcessor withPanAndScan(PanAndScan cuts) {
    return new PanAndScanImageProcessor(processor, Optional.of(cuts));
  }

  /** Patches of each input. */
  public Grid grid() {
    return processor.grid();
  }

  /** Crops that a picture of this size gives beside the whole one. */
  public List<PanAndScan.Crop> crops(int width, int height) {
    return panAndScan.map(cuts -> cuts.crops(width, height)).orElse(List.of());
  }

  /** The whole picture first, then its crops. */
  public List<ImagePatches> process(RasterImage image) {
    WorkingImage whole = WorkingImage.of(image);
    List<ImagePatches> inputs = new ArrayList<>();
    inputs.add(processor.process(whole));
    for (PanAndScan.Crop crop : crops(image.width(), image.height())) {
      inputs.add(
          processor.process(whole.cropped(crop.left(), crop.top(), crop.width(), crop.height())));
    }
    return inputs;
  }
}
