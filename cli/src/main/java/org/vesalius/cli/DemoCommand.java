package org.vesalius.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.vision.image.ImagePatches;
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

  @Mixin private ModelArguments compute = new ModelArguments(QUICKEST);

  DemoCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() {
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
      draw(model, image, where.text(), demo.example(EXAMPLE));
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

  /** The model sees the resized picture, so its boxes are in pixels of that. */
  private void draw(ChatModel model, Part.Image image, String answer, Path file) {
    List<Boxes.Box> boxes = Boxes.parse(answer);
    if (boxes.isEmpty()) {
      throw new CommandFailure(
          "the demo model was expected to answer with a box, found: " + answer);
    }
    ImagePatches seen =
        model.promptEncoder().encode(request(image, WHERE)).images().getFirst().tiles().getFirst();
    BufferedImage picture = read(file);
    double x = (double) picture.getWidth() / seen.transform().modelWidth();
    double y = (double) picture.getHeight() / seen.transform().modelHeight();
    List<Boxes.Box> scaled = boxes.stream().map(box -> box.scaled(x, y)).toList();
    BoxDrawing.write(picture, scaled, out);
    say("");
    say("The box, drawn on the picture: " + out.toAbsolutePath().normalize());
  }

  private static BufferedImage read(Path file) {
    try {
      BufferedImage picture = ImageIO.read(file.toFile());
      if (picture == null) {
        throw new IOException("no decoder for it");
      }
      return picture;
    } catch (IOException e) {
      throw new UncheckedIOException("picture " + file + " cannot be read: " + e, e);
    }
  }
}
