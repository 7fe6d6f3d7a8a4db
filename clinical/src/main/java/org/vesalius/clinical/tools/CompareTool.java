package org.vesalius.clinical.tools;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Places;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.runtime.answer.Region;

/**
 * Puts the same region of two pictures side by side: where both lie in one space of the patient the
 * same place of it, otherwise the same part of the picture; at one scale of millimetres where both
 * are known. The new picture is a source of its own, so that no place in it is taken for one of
 * either.
 *
 * @param scale of the numbers of a box
 */
public record CompareTool(PointScale scale) implements Tool {

  /** With thousandths. */
  public CompareTool() {
    this(PointScale.THOUSANDTHS);
  }

  @Override
  public String name() {
    return "image_compare_tool";
  }

  @Override
  public String description() {
    return "Shows a region of an image and the same region of another, such as a prior one, side by"
        + " side as one new image with the next index: the first at the left. Of a file of slices,"
        + " choose the one to compare with image_window_tool before. Name places in the single"
        + " images, not in this one.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .integer("img_idx", "Index of the image, from 0.", 0)
        .integer("prior_idx", "Index of the image to compare with.", 0)
        .numbers(
            "bbox_2d",
            "The region of the first image as [x1, y1, x2, y2]: "
                + scale.description()
                + ". All of it if left out.",
            4)
        .text("label", "What is compared.")
        .require("img_idx", "prior_idx");
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    int index = given.integer("img_idx", 0);
    int priorIndex = given.integer("prior_idx", 0);
    if (index == priorIndex) {
      throw new ToolException("expected two different images, found %d twice".formatted(index));
    }
    AgentImage image = context.image(index);
    AgentImage prior = context.image(priorIndex);
    String label = given.text("label").orElse("");
    Region.Box box =
        given
            .numbers("bbox_2d", 4)
            .map(numbers -> scale.box(image, index, label, numbers))
            .orElseGet(() -> whole(image, index, label));
    SameRegion same = SameRegion.find(image.picture(), box, prior.picture(), priorIndex);
    SideBySide pair = SideBySide.of(image.picture(), box, prior.picture(), same.box());
    String text =
        "Left: image %d. Right: image %d, %s. %s"
            .formatted(index, priorIndex, same.how(), pair.how());
    AgentImage shown =
        new AgentImage(
            pair.picture(),
            "images " + index + " and " + priorIndex + " side by side",
            Optional.empty(),
            Optional.empty(),
            "",
            OptionalInt.of(index),
            List.of(),
            image.burnedIn().or(prior::burnedIn));
    return new ToolResult(
        text,
        List.of(shown),
        List.of(),
        List.of(Places.of(image, index, box), Places.of(prior, priorIndex, same.box())));
  }

  private static Region.Box whole(AgentImage image, int index, String label) {
    return new Region.Box(
        label,
        OptionalInt.of(index),
        0,
        0,
        image.picture().image().width(),
        image.picture().image().height(),
        new Region.Mention("", 0, 0, List.of()));
  }
}
