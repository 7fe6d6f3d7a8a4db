package org.vesalius.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.report.Report;
import org.vesalius.clinical.report.ReportOptions;
import org.vesalius.clinical.report.ReportText;
import org.vesalius.clinical.report.WrittenReport;
import org.vesalius.clinical.trace.TraceKeys;
import org.vesalius.clinical.trace.TraceSigner;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a report whose sentences carry their evidence, and the trace of how it came about. */
@Command(
    name = "report",
    description = {
      "Writes a report about pictures: every sentence is looked at a second time and carries its"
          + " evidence or a mark that it has none.",
      "For development and research. Not a diagnosis, not for patient care."
    },
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {
  /** More about documents that are left out would hide the report. */
  private static final int NOTES = 20;

  private final Terminal terminal;
  private final Cancellation cancellation;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description =
          "Folder of the checkpoint: config.json, tokenizer.json, *.safetensors; demo for the"
              + " embedded toy model, with --template phantom.")
  private String model = "";

  @Option(
      names = "--image",
      paramLabel = "F",
      required = true,
      description =
          "A picture, DICOM, NIfTI, a slide or a folder of a DICOM series; may be repeated.")
  private List<Path> images = List.of();

  @Option(
      names = "--prior",
      paramLabel = "P",
      description = "An earlier picture for comparison; may be repeated.")
  private List<Path> priors = List.of();

  @Mixin private LookUpArguments lookUps = new LookUpArguments();

  @Option(
      names = "--rubric",
      paramLabel = "F",
      description = "A rubric in YAML by which the best of several reports is chosen.")
  private @Nullable Path rubric;

  @Option(
      names = "--template",
      paramLabel = "NAME|FILE",
      description =
          "What the report consists of: chest, chest-zh, phantom, phantom-zh, or a file (default:"
              + " ${DEFAULT-VALUE}).")
  private String template = "chest";

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Further reports that show whether the model agrees with itself (default: 0; 3 with"
              + " --rubric).")
  private @Nullable Integer samples;

  @Option(names = "--seed", paramLabel = "N", description = "Of these (default: 0).")
  private long seed;

  @Mixin private MedicalArguments medical = new MedicalArguments();

  @Option(
      names = "--sign",
      paramLabel = "KEY.pem",
      description = "Signs the trace with a private Ed25519 key (PKCS #8).")
  private @Nullable Path key;

  @Option(
      names = "--no-pictures",
      description = "The trace holds hashes of the pictures, not the pictures themselves.")
  private boolean withoutPictures;

  @Option(
      names = "--show-burned-in",
      description =
          "The trace, its page and overlays show pictures too in which text is to be expected that"
              + " may name the patient; they are left out otherwise, unless --mask is given.")
  private boolean showBurnedIn;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where all files go (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("vesalius-report");

  @Mixin private ModelArguments compute = new ModelArguments();

  ReportCommand(Terminal terminal, Cancellation cancellation) {
    this.terminal = terminal;
    this.cancellation = cancellation;
  }

  @Override
  public Integer call() throws InterruptedException {
    OpenOptions options = compute.openOptions();
    ReportJob job = job();
    Optional<TraceSigner> signer =
        Optional.ofNullable(key).map(TraceKeys::readPrivate).map(TraceSigner::of);
    Progress progress = new Progress(terminal);
    try (ReportJob.Inputs inputs = read(job);
        ModelFolder folder = ModelFolder.of(model);
        ChatModel opened = ModelArguments.open(folder.path(), options, progress)) {
      createFolder();
      WrittenReport written;
      try (progress) {
        progress.begin("Writing and checking");
        written = job.write(opened, inputs, cancellation);
      }
      return finish(written, signer);
    }
  }

  private ReportJob.Inputs read(ReportJob job) {
    ReportJob.Inputs inputs = job.read();
    inputs.warnings().forEach(terminal.err()::println);
    List<String> notes = inputs.lookUps().notes();
    notes.stream().limit(NOTES).forEach(note -> terminal.err().println("knowledge: " + note));
    if (notes.size() > NOTES) {
      terminal.err().println("knowledge: %d more notes".formatted(notes.size() - NOTES));
    }
    return inputs;
  }

  /** Before the work is done, which would be lost otherwise; not where nothing will be written. */
  private void createFolder() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new UncheckedIOException("folder " + out + " cannot be made: " + e, e);
    }
  }

  private int finish(WrittenReport written, Optional<TraceSigner> signer) {
    if (cancellation.isCancelled()) {
      return Interrupt.EXIT_CODE;
    }
    print(terminal, written, ReportFiles.write(written, signer, out));
    return 0;
  }

  /** The report for people, and where the files are. */
  static void print(Terminal terminal, WrittenReport written, ReportFiles.Written files) {
    Report report = written.report();
    terminal.out().print(ReportText.of(report));
    terminal.out().flush();
    terminal.err().println();
    files.notes().forEach(note -> terminal.err().println(terminal.dim(note)));
    files.files().forEach(file -> terminal.err().println(terminal.dim("wrote " + file)));
  }

  private ReportJob job() {
    LookUps lookedUp;
    try {
      lookedUp = lookUps.lookUps();
      medical.choice();
      medical.frames();
      PixelMask unusedMask = medical.mask();
      if (samples != null) {
        ReportOptions unused = ReportOptions.defaults().withSamples(samples, seed);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
    int drawn = samples != null ? samples : rubric != null ? 3 : 0;
    return new ReportJob(
        model,
        compute.weightsName(),
        compute.cacheName(),
        images.stream().map(Path::toString).toList(),
        priors.stream().map(Path::toString).toList(),
        medical.window(),
        medical.frame(),
        medical.masks(),
        lookedUp,
        Optional.ofNullable(rubric).map(Path::toString),
        template,
        drawn,
        seed,
        !withoutPictures,
        showBurnedIn);
  }
}
