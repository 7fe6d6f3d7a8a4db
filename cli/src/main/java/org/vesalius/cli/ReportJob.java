package org.vesalius.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.agent.AgentImage;
import org.vesalius.clinical.agent.AgentImages;
import org.vesalius.clinical.agent.RunFacts;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.clinical.knowledge.KnowledgeFolder;
import org.vesalius.clinical.knowledge.Passage;
import org.vesalius.clinical.knowledge.PassageEmbedder;
import org.vesalius.clinical.report.QuoteFinder;
import org.vesalius.clinical.report.ReportOptions;
import org.vesalius.clinical.report.ReportTask;
import org.vesalius.clinical.report.ReportTemplate;
import org.vesalius.clinical.report.ReportWriter;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.clinical.rubric.Rubric;
import org.vesalius.clinical.tools.CompareTool;
import org.vesalius.clinical.tools.MeasureTool;
import org.vesalius.clinical.tools.PointScale;
import org.vesalius.clinical.tools.RotateTool;
import org.vesalius.clinical.tools.ScoreTool;
import org.vesalius.clinical.tools.WindowTool;
import org.vesalius.clinical.tools.ZoomTool;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;

/**
 * A report as a user asks for it, and as a trace keeps it to be asked for again.
 *
 * @param model folder of the checkpoint
 * @param weights format that weights are rounded to on opening
 * @param cache how keys and values are kept
 * @param images current ones
 * @param priors earlier ones
 * @param window which grey values are shown; empty for the usual ones
 * @param frames which frames are taken; empty for the middle one
 * @param mask what is black in the pictures, piece by piece
 * @param lookUps where the model may look things up
 * @param rubric file
 * @param template name or file
 * @param samples further reports
 * @param seed of these
 * @param pictures whether the trace holds the pictures
 * @param showBurnedIn whether it holds those too in which text is to be expected
 */
record ReportJob(
    String model,
    String weights,
    String cache,
    List<String> images,
    List<String> priors,
    Optional<String> window,
    Optional<String> frames,
    List<String> mask,
    LookUps lookUps,
    Optional<String> rubric,
    String template,
    int samples,
    long seed,
    boolean pictures,
    boolean showBurnedIn) {
  private static final String KIND = "report";
  private static final int QUOTES = 2;
  private static final int QUOTE_CHARACTERS = 400;

  /** A report of the demo model on one of its pictures. */
  static ReportJob ofDemo(Path picture, ModelArguments compute) {
    return new ReportJob(
        ModelFolder.DEMO,
        compute.weightsName(),
        compute.cacheName(),
        List.of(picture.toString()),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        LookUps.NONE,
        Optional.empty(),
        "phantom",
        0,
        0,
        true,
        false);
  }

  /** Everything but the model, read: so that what is wrong is told before a model is loaded. */
  record Inputs(
      List<AgentImage> images,
      List<AgentImage> priors,
      LookUps.Opened lookUps,
      Optional<Rubric> rubric,
      ReportTemplate template)
      implements AutoCloseable {
    /** What the model may read in the pictures and write, a sentence for each file. */
    List<String> warnings() {
      return Stream.concat(images.stream(), priors.stream())
          .flatMap(image ->
              image
                  .burnedIn()
                  .map(text ->
                      "%s: %s; the report may repeat it; %s"
                          .formatted(image.origin(), text.reason(), text.remedy()))
                  .stream())
          .distinct()
          .toList();
    }

    @Override
    public void close() {
      lookUps.close();
    }
  }

  Inputs read() {
    ReportTemplate read = ReportTemplate.of(template);
    Optional<Rubric> criteria = rubric.map(file -> Rubric.read(Path.of(file)));
    List<AgentImage> current = read(images);
    List<AgentImage> earlier = read(priors);
    return new Inputs(current, earlier, lookUps.open(read), criteria, read);
  }

  private List<AgentImage> read(List<String> paths) {
    PixelMask black = PixelMask.parse(mask);
    WindowChoice choice = window.map(WindowChoice::parse).orElse(WindowChoice.usual());
    Optional<FrameSelection> selection = frames.map(FrameSelection::parse);
    List<AgentImage> read = new ArrayList<>();
    for (String path : paths) {
      read.addAll(
          AgentImages.read(
              Path.of(path),
              black,
              choice,
              count ->
                  selection.map(chosen -> chosen.of(count)).orElse(AgentImages.middle(count))));
    }
    return read;
  }

  /** Writes it. */
  WrittenReport write(ChatModel opened, Inputs inputs, Cancellation cancellation)
      throws InterruptedException {
    Optional<KnowledgeFolder> meant =
        lookUps.meant(inputs.lookUps(), embedder(opened, cancellation));
    if (meant.isEmpty()) {
      return write(opened, inputs, inputs.lookUps(), cancellation);
    }
    try (KnowledgeFolder folder = meant.get()) {
      return write(opened, inputs, inputs.lookUps().with(folder), cancellation);
    }
  }

  /** Of thousands of passages, so that it has to heed who ends the command. */
  private static PassageEmbedder embedder(ChatModel opened, Cancellation cancellation) {
    PassageEmbedder embedder = PassageEmbedder.of(opened);
    return text -> {
      if (cancellation.isCancelled()) {
        throw new CommandFailure("interrupted while the documents were embedded");
      }
      return embedder.embed(text);
    };
  }

  private WrittenReport write(
      ChatModel opened, Inputs inputs, LookUps.Opened read, Cancellation cancellation)
      throws InterruptedException {
    ReportWriter writer =
        new ReportWriter(
            opened,
            RunFacts.of(opened, model, weights),
            inputs.template(),
            ReportOptions.defaults()
                .withSamples(samples, seed)
                .withPictures(pictures)
                .withBurnedIn(showBurnedIn),
            tools(opened, inputs, read));
    QuoteFinder quotes = read.knowledge().map(ReportJob::quotes).orElse(QuoteFinder.NONE);
    return writer.write(
        new ReportTask(
            inputs.images(), inputs.priors(), quotes, inputs.rubric(), facts(), cancellation));
  }

  private static List<Tool> tools(ChatModel opened, Inputs inputs, LookUps.Opened read) {
    PointScale scale =
        new PointScale(
            opened.answerFormat().grounding().scale(),
            image ->
                opened
                    .pictures(ChatRequest.builder().user(new Part.Pixels(image, "picture")).build())
                    .getFirst()
                    .transform());
    List<Tool> tools = new ArrayList<>();
    tools.add(new ZoomTool(scale));
    tools.add(new RotateTool());
    tools.add(new MeasureTool(scale));
    tools.add(new ScoreTool());
    if (inputs.images().stream().anyMatch(image -> image.medical().isPresent())) {
      tools.add(new WindowTool());
    }
    if (inputs.images().size() + inputs.priors().size() > 1) {
      tools.add(new CompareTool(scale));
    }
    tools.addAll(read.tools());
    return tools;
  }

  /** Passages that name a finding; one that only resembles it carries nothing. */
  private static QuoteFinder quotes(KnowledgeFolder folder) {
    return subject ->
        folder.search(subject, QUOTES).stream()
            .map(passage -> passage.excerpt(subject, QUOTE_CHARACTERS))
            .filter(passage ->
                passage.text().toLowerCase(Locale.ROOT).contains(subject.toLowerCase(Locale.ROOT)))
            .map(Passage::quote)
            .toList();
  }

  private Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", KIND);
    facts.put("model", model);
    facts.put("weights", weights);
    facts.put("cache", cache);
    facts.put("images", images);
    facts.put("priors", priors);
    window.ifPresent(value -> facts.put("window", value));
    frames.ifPresent(value -> facts.put("frames", value));
    if (!mask.isEmpty()) {
      facts.put("mask", mask);
    }
    lookUps.putInto(facts);
    rubric.ifPresent(value -> facts.put("rubric", value));
    facts.put("template_file", template);
    facts.put("samples", samples);
    facts.put("seed", seed);
    facts.put("pictures", pictures);
    if (showBurnedIn) {
      facts.put("show_burned_in", true);
    }
    return facts;
  }

  /**
   * The job that a trace keeps.
   *
   * @throws CommandFailure if it keeps none that can be asked for again
   */
  static ReportJob of(Map<String, @Nullable Object> task) {
    if (!KIND.equals(task.get("kind"))) {
      throw new CommandFailure(
          "the trace is not of \"vesalius report\", and how its run was made is known to the"
              + " program that made it only");
    }
    return new ReportJob(
        text(task, "model"),
        text(task, "weights"),
        text(task, "cache"),
        texts(task, "images"),
        texts(task, "priors"),
        optional(task, "window"),
        optional(task, "frames"),
        texts(task, "mask"),
        LookUps.of(task),
        optional(task, "rubric"),
        text(task, "template_file"),
        (int) number(task, "samples"),
        number(task, "seed"),
        Boolean.TRUE.equals(task.get("pictures")),
        Boolean.TRUE.equals(task.get("show_burned_in")));
  }

  private static String text(Map<String, @Nullable Object> task, String key) {
    return optional(task, key)
        .orElseThrow(
            () -> new CommandFailure("the trace's task: " + key + ": expected a text, found none"));
  }

  private static Optional<String> optional(Map<String, @Nullable Object> task, String key) {
    return task.get(key) instanceof String text ? Optional.of(text) : Optional.empty();
  }

  private static List<String> texts(Map<String, @Nullable Object> task, String key) {
    return task.get(key) instanceof List<?> list
        ? list.stream().map(item -> Objects.toString(item, "")).toList()
        : List.of();
  }

  private static long number(Map<String, @Nullable Object> task, String key) {
    return task.get(key) instanceof Number number ? number.longValue() : 0;
  }
}
