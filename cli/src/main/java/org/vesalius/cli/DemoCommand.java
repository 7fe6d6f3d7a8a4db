package org.vesalius.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.answer.Overlay;
import org.vesalius.runtime.vision.image.ImageDecoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the embedded toy model at work. */
@Command(
    name = "demo",
    description = {
      "Lets the embedded demo model report on a drawing and find a nodule in it.",
      "The model is a toy and not for medical use."
    },
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final String EXAMPLE = "nodule.png";
  private static final String REPORT = "Write a report.";
  private static final String WHERE = "Where is the nodule?";

  /**
   * Vector code is slow until the JIT has compiled it: for a model this small that is longer than
   * the whole answer.
   */
  private static final String QUICKEST = "reference";

  private final Terminal terminal;
  private final Cancellation cancellation;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where the picture with the box goes (default: vesalius-demo.png).")
  private Path out = Path.of("vesalius-demo.png");

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description = "Where the report with its trace goes (default: ${DEFAULT-VALUE}).")
  private Path reportFolder = Path.of("vesalius-demo");

  @Mixin private ModelArguments compute = new ModelArguments(QUICKEST);

  DemoCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    say("phantom-vl, a toy model that reads drawings which look a little like chest radiographs.");
    say("It has never seen a real radiograph. Not for medical use.");
    say("");
    Progress progress = new Progress(terminal);
    long begin = System.nanoTime();
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model = ModelArguments.open(demo.directory(), compute.openOptions(), progress)) {
      long loadNanos = System.nanoTime() - begin;
      Part.Image image = (Part.Image) Part.image(demo.example(EXAMPLE));
      say("image:    " + EXAMPLE + " (embedded)");
      Generation report = ask(model, image, REPORT, progress);
      if (report.finishReason() == FinishReason.CANCELLED) {
        return Interrupt.EXIT_CODE;
      }
      terminal.err().println(terminal.dim(TimingLine.of(report, loadNanos)));
      say("");
      Generation where = ask(model, image, WHERE, progress);
      if (where.finishReason() == FinishReason.CANCELLED) {
        return Interrupt.EXIT_CODE;
      }
      draw(image, where);
      say("");
      report(demo, model, progress);
    }
    say("A toy: not for medical use.");
    return 0;
  }

  private void say(String line) {
    terminal.out().println(line);
  }

  private Generation ask(ChatModel model, Part.Image image, String question, Progress progress) {
    say("question: " + question);
    AnswerPrinter printer = new AnswerPrinter(terminal, progress, cancellation);
    try (progress) {
      Generation answer = model.generate(request(image, question), printer::on);
      printer.end();
      return answer;
    }
  }

  private ChatRequest request(Part.Image image, String question) {
    return ChatRequest.builder()
        .user(image, Part.text(question))
        .cancellation(cancellation)
        .build();
  }

  /** The same once more with evidence: every sentence is looked at a second time. */
  private void report(DemoModel demo, ChatModel model, Progress progress)
      throws InterruptedException, IOException {
    Files.createDirectories(reportFolder);
    Path picture = reportFolder.resolve(EXAMPLE);
    Files.copy(demo.example(EXAMPLE), picture, StandardCopyOption.REPLACE_EXISTING);
    ReportJob job = ReportJob.ofDemo(picture, compute);
    say("The report with evidence, each sentence looked at a second time:");
    say("");
    WrittenReport written;
    try (ReportJob.Inputs inputs = job.read();
        progress) {
      progress.begin("Checking");
      written = job.write(model, inputs, cancellation);
    }
    if (!cancellation.isCancelled()) {
      ReportCommand.print(
          terminal, written, ReportFiles.write(written, Optional.empty(), reportFolder));
      say("");
      say("Look at " + reportFolder.resolve("trace.html") + ", or ask again:");
      say("  ./vesalius trace replay " + reportFolder.resolve("trace.json"));
    }
  }

  private void draw(Part.Image image, Generation answer) {
    if (answer.regions().isEmpty()) {
      throw new CommandFailure(
          "the demo model was expected to answer with a box, found: " + answer.text());
    }
    Overlay.write(ImageDecoder.decode(image.bytes(), image.origin()), 0, answer.regions(), out);
    say("");
    say("The box, drawn on the picture: " + out.toAbsolutePath().normalize());
  }
}
