package org.vesalius.bench.quality;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.vesalius.clinical.agent.Agent;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentLimits;
import org.vesalius.clinical.agent.AgentModel;
import org.vesalius.clinical.agent.AgentResult;
import org.vesalius.clinical.agent.AgentTask;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.agent.ToolContext;
import org.vesalius.clinical.agent.TraceRecorder;
import org.vesalius.clinical.imaging.SourceRegions;
import org.vesalius.clinical.tools.PointScale;
import org.vesalius.clinical.tools.ZoomTool;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.GroundingFormat;
import org.vesalius.runtime.answer.Region;

/**
 * What zooming does to answers of the demo model on its held-out pictures: the agent without tools,
 * the agent that is offered to zoom, and a zoom that is carried out around the place that the model
 * named, after which it is asked again. Accuracy, not speed.
 *
 * <p>Usage: {@code AgentZoom demo/heldout [FILE.json]}
 */
public final class AgentZoom {
  /** How much of the picture is cut out, as a multiple of the named box. */
  private static final double MARGIN = 4;

  private final ObjectMapper json = new ObjectMapper();
  private final Path folder;
  private final ChatModel model;
  private final Agent plain;
  private final Agent offered;
  private final ZoomTool zoom;

  private AgentZoom(Path folder, ChatModel model) {
    this.folder = folder;
    this.model = model;
    // In pixels of the picture, so that the crop that is carried out is the one that is meant.
    zoom = new ZoomTool(PointScale.of(GroundingFormat.QWEN2_5_VL.scale()));
    plain = new Agent(AgentModel.of(model), List.of(), AgentLimits.defaults());
    offered = new Agent(AgentModel.of(model), List.<Tool>of(zoom), AgentLimits.defaults());
  }

  /** Runs it. */
  public static void main(String[] args) throws IOException, InterruptedException {
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model = ChatModel.open(demo.directory())) {
      ObjectNode result = new AgentZoom(Path.of(args[0]), model).measure();
      System.out.println(result.toPrettyString());
      if (args.length > 1) {
        Files.writeString(Path.of(args[1]), result.toPrettyString() + "\n");
      }
    }
  }

  /** What became of the questions of one way. */
  private static final class Score {
    private int asked;
    private int right;
    private int calls;
    private final List<Double> overlaps = new ArrayList<>();

    void add(ObjectNode to) {
      to.put("asked", asked);
      to.put("exact", right);
      to.put("calls", calls);
      if (!overlaps.isEmpty()) {
        to.put(
            "mean_overlap",
            overlaps.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
        to.put("boxes", overlaps.size());
      }
    }
  }

  private ObjectNode measure() throws IOException, InterruptedException {
    List<JsonNode> truths = truths();
    ObjectNode result = json.createObjectNode();
    result.put("pictures", truths.size());
    result.put("backend", model.backend());
    for (Map.Entry<String, String> question :
        List.of(
            Map.entry("yn_nodule", "Is there a nodule?"),
            Map.entry("zone_nodule", "In which zone is the nodule?"),
            Map.entry("report", "Write a report."),
            Map.entry("box_nodule", "Where is the nodule?"))) {
      ObjectNode kind = result.putObject(question.getValue());
      for (String way : List.of("without", "offered", "carried_out")) {
        Score score = new Score();
        for (JsonNode truth : truths) {
          ask(way, question.getKey(), question.getValue(), truth, score);
        }
        score.add(kind.putObject(way));
      }
    }
    return result;
  }

  private void ask(String way, String kind, String question, JsonNode truth, Score score)
      throws InterruptedException {
    Part.Image file = Part.Image.read(folder.resolve(truth.get("image").asText()));
    AgentImage image = AgentImage.of(file.pixels(), file.origin());
    TraceRecorder trace = new TraceRecorder(false);
    List<AgentImage> images = new ArrayList<>(List.of(image));
    if (way.equals("carried_out")) {
      Optional<AgentImage> crop = crop(image);
      score.calls += crop.isPresent() ? 1 : 0;
      // A place is asked for in the crop alone, anything else of both.
      if (kind.equals("box_nodule")) {
        crop.ifPresent(closer -> images.set(0, closer));
      } else {
        crop.ifPresent(images::add);
      }
    }
    AgentResult answer =
        (way.equals("offered") ? offered : plain).run(AgentTask.of(question, images), trace);
    score.calls += answer.calls().values().stream().mapToInt(Integer::intValue).sum();
    score.asked++;
    score.right += answer.answer().equals(truth.path("answers").path(kind).asText()) ? 1 : 0;
    if (kind.equals("box_nodule") && !truth.path("nodule_box").isNull()) {
      double overlap =
          answer.generation().stream()
              .flatMap(generation -> generation.regions().stream())
              .map(region -> SourceRegions.toSource(images.getFirst().picture(), region))
              .filter(Region.Box.class::isInstance)
              .mapToDouble(box -> overlap((Region.Box) box, truth))
              .max()
              .orElse(0);
      score.overlaps.add(overlap);
    }
  }

  /** What is around the place that the model names; empty where it names none. */
  private Optional<AgentImage> crop(AgentImage image) {
    Generation where =
        model.generate(
            ChatRequest.builder().user(image.part(), Part.text("Where is the nodule?")).build());
    return where.regions().stream()
        .filter(Region.Box.class::isInstance)
        .map(Region.Box.class::cast)
        .findFirst()
        .map(box -> {
          double side = MARGIN * Math.max(box.x1() - box.x0(), box.y1() - box.y0());
          double x = (box.x0() + box.x1()) / 2;
          double y = (box.y0() + box.y1()) / 2;
          int width = image.picture().image().width();
          int height = image.picture().image().height();
          List<Double> around =
              List.of(
                  Math.clamp(x - side / 2, 0.0, (double) width),
                  Math.clamp(y - side / 2, 0.0, (double) height),
                  Math.clamp(x + side / 2, 0.0, (double) width),
                  Math.clamp(y + side / 2, 0.0, (double) height));
          return zoom.call(
                  new ToolContext(List.of(image), new Cancellation()),
                  Map.of("bbox_2d", around, "label", "nodule", "img_idx", 0))
              .images()
              .getFirst();
        });
  }

  /** Intersection over union, in pixels of the source. */
  private static double overlap(Region.Box box, JsonNode truth) {
    double[] other = new double[4];
    for (int i = 0; i < other.length; i++) {
      other[i] =
          truth.get("nodule_box").get(i).asDouble()
              * truth.get("size").get(i % 2).asDouble()
              / truth.get("resized").get(i % 2).asDouble();
    }
    double width = Math.min(box.x1(), other[2]) - Math.max(box.x0(), other[0]);
    double height = Math.min(box.y1(), other[3]) - Math.max(box.y0(), other[1]);
    double common = Math.max(0, width) * Math.max(0, height);
    double all =
        (box.x1() - box.x0()) * (box.y1() - box.y0())
            + (other[2] - other[0]) * (other[3] - other[1])
            - common;
    return common / all;
  }

  private List<JsonNode> truths() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(folder.resolve("ground_truth.jsonl.gz"))),
                StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(json.readTree(line));
      }
    }
    return lines;
  }
}
