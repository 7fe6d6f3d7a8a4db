package org.vesalius.clinical.tools;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.PlacedPicture;

/** Turns a picture by quarters, or mirrors it. */
public record RotateTool() implements Tool {

  @Override
  public String name() {
    return "image_rotate_tool";
  }

  @Override
  public String description() {
    return "Turns an image clockwise by 90, 180 or 270 degrees, or exchanges its left and right"
        + " after that, and returns it as a new image with the next index. A mirrored image shows"
        + " the patient's sides exchanged.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .choice("degrees", "Degrees clockwise; 0 if left out.", 0, 90, 180, 270)
        .flag("mirror", "Whether to exchange left and right, after turning.")
        .integer("img_idx", "Index of the image, from 0; 0 if left out.", 0)
        .require();
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    int index = given.integer("img_idx", 0);
    AgentImage image = context.image(index);
    int degrees = given.integer("degrees", 0);
    boolean mirror = given.flag("mirror");
    if (degrees % 90 != 0 || degrees < 0 || degrees >= 360) {
      throw new ToolException("degrees %d: expected 0, 90, 180 or 270".formatted(degrees));
    }
    if (degrees == 0 && !mirror) {
      throw new ToolException("nothing to do: expected degrees other than 0, or mirror");
    }
    PlacedPicture turned = image.picture().turned(degrees / 90);
    String how =
        (degrees == 0 ? "" : "turned clockwise by " + degrees + " degrees")
            + (degrees == 0 || !mirror ? "" : ", then ")
            + (mirror ? "mirrored, left and right exchanged" : "");
    return ToolResult.of(
        "Image %d, %s.".formatted(index, how),
        image.madeInto(mirror ? turned.mirrored() : turned, "image " + index + ", " + how, index));
  }
}
