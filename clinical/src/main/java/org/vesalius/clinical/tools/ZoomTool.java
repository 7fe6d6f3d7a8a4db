package org.vesalius.clinical.tools;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Places;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.runtime.answer.Region;
import org.vesalius.runtime.vision.image.Filter;

/**
 * Cuts a box out of a picture and shows it larger; the tool that models of the Qwen family are
 * trained to call. A side that is shorter than 32 pixels is made longer by cutting out more.
 *
 * @param scale of the numbers of a box
 */
public record ZoomTool(PointScale scale) implements Tool {
  /** Shorter crops show nothing that can be told apart. */
  private static final int SHORTEST_CROP = 32;

  /** What the shorter side of the result has, where its longer one allows that. */
  private static final int SHORTER_SIDE = 224;

  private static final int LONGEST_SIDE = 4096;

  /** The limit of Qwen's picture processor. */
  private static final double MOST_PIXELS = 12_845_056;

  /** With thousandths. */
  public ZoomTool() {
    this(PointScale.THOUSANDTHS);
  }

  @Override
  public String name() {
    return "image_zoom_in_tool";
  }

  @Override
  public String description() {
    return "Zooms in on a part of an image: cuts out the box and returns it enlarged, as a new"
        + " image with the next index.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .numbers("bbox_2d", "The box as [x1, y1, x2, y2]: " + scale.description() + ".", 4)
        .text("label", "What is in the box.")
        .integer("img_idx", "Index of the image, from 0; 0 if left out.", 0)
        .require("bbox_2d");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    int index = given.integer("img_idx", 0);
    AgentImage image = context.image(index);
    String label = given.text("label").orElse("");
    List<Double> numbers =
        given
            .numbers("bbox_2d", 4)
            .orElseThrow(() -> new ToolException("argument bbox_2d: it is missing"));
    Region.Box box = scale.box(image, index, label, numbers);
    PixelBox cut = PixelBox.around(box, image.picture().image(), SHORTEST_CROP);
    PlacedPicture crop = enlarged(cut.of(image.picture()));
    String text =
        "Image %d, x %d to %d and y %d to %d of its %dx%d pixels, shown as %dx%d."
            .formatted(
                index,
                cut.left(),
                cut.left() + cut.width(),
                cut.top(),
                cut.top() + cut.height(),
                image.picture().image().width(),
                image.picture().image().height(),
                crop.image().width(),
                crop.image().height());
    return new ToolResult(
        text,
        List.of(image.madeInto(crop, "part of image " + index, index)),
        List.of(),
        List.of(Places.of(image, index, box)));
  }

  private static PlacedPicture enlarged(PlacedPicture crop) {
    double width = crop.image().width();
    double height = crop.image().height();
    double factor = Math.max(1, SHORTER_SIDE / Math.min(width, height));
    factor = Math.min(factor, Math.max(1, LONGEST_SIDE / Math.max(width, height)));
    factor = Math.min(factor, Math.sqrt(MOST_PIXELS / (width * height)));
    int toWidth = Math.max(1, (int) Math.rint(width * factor));
    int toHeight = Math.max(1, (int) Math.rint(height * factor));
    return toWidth == crop.image().width() && toHeight == crop.image().height()
        ? crop
        // Others overshoot, which 16 bits cannot hold.
        : crop.resized(toWidth, toHeight, Filter.BILINEAR);
  }
}
