package org.vesalius.clinical.tools;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.ToolException;
import org.vesalius.clinical.agent.ToolResult;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.WindowChoice;

/** Shows a frame of a medical file anew, from its values at full depth, with another window. */
public record WindowTool() implements Tool {

  @Override
  public String name() {
    return "image_window_tool";
  }

  @Override
  public String description() {
    return "Shows other grey values of a medical image, from the values that were stored, and"
        + " returns them as a new image with the next index. Also shows another slice or frame of"
        + " the same file. It always shows the whole frame, as it was at first: a crop or a turn of"
        + " the image is not repeated.";
  }

  @Override
  public Map<String, Object> parameters() {
    return new Parameters()
        .text(
            "window",
            "CENTRE/WIDTH in units of the image such as 40/400; for CT one of abdomen,"
                + " angiography, bone, brain, liver, lung, mediastinum, stroke, subdural; #N for"
                + " the N-th window of the file; full for all values. The file's own if left out.")
        .integer("frame", "Number of the slice or frame, from 1; the same if left out.", 1)
        .integer("img_idx", "Index of the image, from 0; 0 if left out.", 0)
        .require();
  }

  @Override
  public ToolResult call(ToolContext context, Map<String, @Nullable Object> arguments) {
    Arguments given = new Arguments(arguments);
    int index = given.integer("img_idx", 0);
    AgentImage image = context.image(index);
    AgentImage.MedicalFrame medical =
        image
            .medical()
            .orElseThrow(() ->
                new ToolException(
                    "image %d is no medical file with values of its own; it has one look only"
                        .formatted(index)));
    int frame = frame(medical, given.integer("frame", medical.index() + 1));
    AgentImage shown = show(image, medical.image(), frame, choice(given.text("window")), index);
    String what =
        "Frame %d of %d of the file of image %d%s."
            .formatted(
                frame + 1,
                medical.image().frames(),
                index,
                shown.window().isEmpty() ? ", in colours" : ", window " + shown.window());
    return ToolResult.of(what, shown);
  }

  private static int frame(AgentImage.MedicalFrame medical, int number) {
    int frames = medical.image().frames();
    if (number < 1 || number > frames) {
      throw new ToolException("frame %d: expected 1 to %d".formatted(number, frames));
    }
    return number - 1;
  }

  private static WindowChoice choice(Optional<String> text) {
    try {
      return text.filter(t -> !t.isEmpty()).map(WindowChoice::parse).orElse(WindowChoice.usual());
    } catch (IllegalArgumentException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }

  private static AgentImage show(
      AgentImage image, MedicalImage file, int index, WindowChoice choice, int parent) {
    try {
      Frame frame = file.frame(index);
      PlacedPicture picture = frame.picture(choice);
      return new AgentImage(
          picture,
          "frame " + (index + 1) + " of the file of image " + parent,
          image.file(),
          Optional.of(new AgentImage.MedicalFrame(file, index)),
          frame.chosen(choice).map(Display::description).orElse(""),
          OptionalInt.of(parent));
    } catch (MedicalImageException e) {
      throw new ToolException(String.valueOf(e.getMessage()));
    }
  }
}
