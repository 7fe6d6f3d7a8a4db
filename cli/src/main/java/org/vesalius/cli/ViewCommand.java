package org.vesalius.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.MedicalImages;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.dicom.DicomFormatException;
import org.vesalius.clinical.imaging.dicom.UnsupportedTransferSyntaxException;
import org.vesalius.clinical.imaging.grey.Display;
import org.vesalius.clinical.imaging.grey.WindowChoice;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.answer.Overlay;
import org.vesalius.runtime.answer.ScaleBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a medical file is, and writes its pictures. */
@Command(
    name = "view",
    description = {
      "Says what a DICOM file, a NIfTI volume, a slide or a folder of DICOM files holds,",
      "and writes its pictures as PNG. Nothing that identifies a patient is printed."
    },
    sortOptions = false)
final class ViewCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final Cancellation cancellation;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "PATH",
      description = "A .dcm, .nii, .nii.gz, .hdr or large .tif file, or a folder of DICOM files.")
  private Path path = Path.of("");

  @Mixin private MedicalArguments medical = new MedicalArguments();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the pictures go (default: vesalius-view).")
  private Path out = Path.of("vesalius-view");

  @Option(names = "--scale-bar", description = "Draws a scale bar where millimetres are known.")
  private boolean scaleBar;

  @Option(names = "--format", paramLabel = "text|json", description = "Output (default: text).")
  private OutputFormat format = OutputFormat.text;

  private final List<String> problems = new ArrayList<>();
  private int count;

  ViewCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() {
    WindowChoice window;
    FrameSelection frames;
    PixelMask mask;
    try {
      window = medical.choice();
      mask = medical.mask();
      frames = medical.frames().orElse(FrameSelection.ALL);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
    List<MedicalImage> images = MedicalImages.open(path, mask);
    if (images.isEmpty()) {
      throw new CommandFailure(
          path
              + ": expected DICOM, NIfTI, a slide or a folder of DICOM files; found something else");
    }
    createFolder();
    ObjectNode json = JsonOutput.object();
    ArrayNode list = json.putArray("images");
    for (int i = 0; i < images.size() && !cancellation.isCancelled(); i++) {
      ObjectNode entry = list.addObject();
      MedicalImage image = images.get(i);
      MedicalReport.json(entry, image);
      if (format == OutputFormat.text) {
        if (i > 0) {
          terminal.out().println();
        }
        MedicalReport.text(image).forEach(terminal.out()::println);
      }
      pictures(image, window, frames, prefix(images, i), entry.putArray("pictures"));
    }
    if (format == OutputFormat.json) {
      JsonOutput.print(terminal, json);
    }
    if (cancellation.isCancelled()) {
      return Interrupt.EXIT_CODE;
    }
    if (!problems.isEmpty()) {
      throw new CommandFailure(
          count == 1
              ? problems.getFirst()
              : problems.size()
                  + " of "
                  + count
                  + " pictures cannot be shown; the first: "
                  + problems.getFirst());
    }
    return 0;
  }

  private void createFolder() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new UncheckedIOException("folder " + out + " cannot be created: " + e, e);
    }
  }

  private static String prefix(List<MedicalImage> images, int index) {
    return images.size() == 1 ? "" : "series-" + (index + 1) + "-";
  }

  private void pictures(
      MedicalImage image,
      WindowChoice window,
      FrameSelection frames,
      String prefix,
      ArrayNode written) {
    for (int index : frames.of(image.frames())) {
      if (cancellation.isCancelled()) {
        return;
      }
      ObjectNode entry = written.addObject();
      entry.put("frame", index + 1);
      count++;
      try {
        // The name of the source may be a patient's, so pictures are only numbered.
        String name = String.format(Locale.ROOT, "%sframe-%04d.png", prefix, index + 1);
        write(image, index, window, out.resolve(name), entry);
      } catch (MedicalImageException
          | DicomFormatException
          | UnsupportedTransferSyntaxException e) {
        // The others may be fine.
        failed(index, Failures.describe(e), entry);
      }
    }
  }

  private void write(
      MedicalImage image, int index, WindowChoice window, Path file, ObjectNode entry) {
    Frame frame = image.frame(index);
    List<PixelMask.Rectangle> hidden = image.hidden(index);
    PlacedPicture picture = frame.picture(window);
    Optional<Display> shown = frame.chosen(window);
    Optional<ScaleBar> bar = scaleBar ? MedicalReport.scaleBar(picture) : Optional.empty();
    if (bar.isPresent()) {
      Overlay.write(picture.image(), 0, List.of(), bar.get(), file);
    } else {
      Pngs.write(picture.image(), file);
    }
    MedicalReport.picture(entry, index, picture, shown);
    MedicalReport.mask(entry, hidden);
    entry.put("file", file.toString());
    line(
        index,
        "%s, %dx%d%s%s"
            .formatted(
                file,
                picture.image().width(),
                picture.image().height(),
                shown.map(MedicalReport::window).map(w -> ", " + w).orElse(""),
                hidden.isEmpty() ? "" : ", " + MedicalReport.mask(hidden)));
  }

  private void failed(int index, String problem, ObjectNode entry) {
    entry.put("problem", problem);
    problems.add(problem);
    line(index, "cannot be shown");
  }

  private void line(int index, String text) {
    if (format == OutputFormat.text) {
      terminal.out().println(MedicalReport.line("frame " + (index + 1), text));
    }
  }
}
