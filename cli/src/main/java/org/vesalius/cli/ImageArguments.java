package org.vesalius.cli;

import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ImageOptions;
import picocli.CommandLine.Option;

/** The options that say how pictures are prepared. */
final class ImageArguments {
  @Option(
      names = "--min-pixels",
      paramLabel = "N",
      description = "Smallest picture after the resize, in pixels (default: the model's).")
  private @Nullable Long minPixels;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "Largest picture after the resize; fewer pixels make fewer tokens.")
  private @Nullable Long maxPixels;

  @Option(
      names = "--pan-and-scan",
      description = "Also shows crops of long pictures to the model (Gemma 3).")
  private boolean panAndScan;

  /**
   * The options.
   *
   * @throws IllegalArgumentException if a number is out of range
   */
  ImageOptions options() {
    ImageOptions options = ImageOptions.defaults().withPanAndScan(panAndScan);
    Long least = minPixels;
    Long most = maxPixels;
    options = least == null ? options : options.withMinPixels(least);
    return most == null ? options : options.withMaxPixels(most);
  }
}
