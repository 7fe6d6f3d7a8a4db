package org.vesalius.clinical.trace;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vesalius.clinical.trace.Verification.Problem;
import org.vesalius.clinical.trace.Verification.SignatureState;

/**
 * Checks files of traces: that each hash is the one of its entry and of the hash before; that what
 * the file says has the published schema; that every byte is as {@link TraceFile} writes what it
 * says; that indices point to what there is, and pictures are those that were hashed; and the
 * signature. Immutable, for any number of threads.
 */
public final class TraceVerifier {
  /** More of them help nobody. */
  private static final int MAX_PROBLEMS = 1_000;

  private static final int MAX_SCHEMA_PROBLEMS = 20;

  private static final Pattern ENTRY = Pattern.compile("/entries/([0-9]{1,9})(/?.*)");

  private final Schema schema;
  private final Optional<PublicKey> required;

  /** Checks signatures where there are any, whoever has signed. */
  public TraceVerifier() {
    this(Optional.empty());
  }

  /**
   * Demands a signature.
   *
   * @param required who must have signed
   */
  public TraceVerifier(PublicKey required) {
    this(Optional.of(required));
  }

  private TraceVerifier(Optional<PublicKey> required) {
    this.required = required;
    this.schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(TraceFile.schema(), InputFormat.JSON);
  }

  /**
   * Checks a file. Whatever is in it gives a result, never an exception.
   *
   * @throws java.io.UncheckedIOException if it cannot be read
   */
  public Verification verify(Path file) {
    byte[] bytes;
    try {
      bytes = TraceFile.readBytes(file);
    } catch (TraceFormatException e) {
      return unreadable(e);
    }
    return verify(bytes);
  }

  /** Checks the bytes of a file. */
  public Verification verify(byte[] file) {
    TraceLines lines;
    try {
      lines = TraceLines.parse(file, "trace");
    } catch (TraceFormatException e) {
      return unreadable(e);
    }
    List<Problem> problems = new ArrayList<>();
    checkChain(lines, problems);
    boolean unbroken = problems.isEmpty();
    List<TraceEntry> entries = read(lines, problems);
    if (entries.size() == lines.entries().size()) {
      if (unbroken) { // of what was edited it would say less than the chain does
        checkSchema(file, problems);
      }
      checkContent(file, lines, entries, problems);
    }
    return signed(lines, unbroken, problems);
  }

  private static Verification unreadable(TraceFormatException problem) {
    return new Verification(
        List.of(new Problem(problem.line(), problem.problem())),
        0,
        Optional.empty(),
        SignatureState.ABSENT,
        Optional.empty());
  }

  private static void checkChain(TraceLines lines, List<Problem> problems) {
    String previous = TraceLines.seed();
    for (int i = 0; i < lines.entries().size(); i++) {
      TraceLines.Entry entry = lines.entries().get(i);
      if (!entry.chained(previous).equals(entry.hash())) {
        problems.add(
            new Problem(
                i + TraceLines.FIRST_LINE,
                "the hash is not the one of this entry after the one before:"
                    + " either of them is not as it was written"));
      }
      // What the line says, so that each break is told once and where it is.
      previous = entry.hash();
    }
  }

  private static List<TraceEntry> read(TraceLines lines, List<Problem> problems) {
    List<TraceEntry> entries = new ArrayList<>(lines.entries().size());
    for (int i = 0; i < lines.entries().size(); i++) {
      int line = i + TraceLines.FIRST_LINE;
      try {
        entries.add(TraceLines.read(lines.entries().get(i), "trace", line));
      } catch (TraceFormatException e) {
        problems.add(new Problem(line, e.problem()));
      }
    }
    return entries;
  }

  private void checkSchema(byte[] file, List<Problem> problems) {
    String text = new String(file, StandardCharsets.UTF_8);
    try {
      schema
          .validate(
              text,
              InputFormat.JSON,
              context ->
                  context.executionConfig(
                      config -> config.formatAssertionsEnabled(true).locale(Locale.ROOT)))
          .stream()
          .limit(MAX_SCHEMA_PROBLEMS)
          .map(TraceVerifier::problem)
          .forEach(problems::add);
    } catch (RuntimeException _) {
      // Its parser has limits and exceptions of its own, none of which may pass for a good file.
      problems.add(new Problem(0, "expected JSON that the schema can be applied to"));
    }
  }

  /** Where and which rule: the validator's own message would repeat the value. */
  private static Problem problem(Error error) {
    String where = String.valueOf(error.getInstanceLocation());
    Matcher entry = ENTRY.matcher(where);
    int line = entry.matches() ? Integer.parseInt(entry.group(1)) + TraceLines.FIRST_LINE : 0;
    String place = entry.matches() ? entry.group(2) : where;
    return new Problem(
        line, "%s: the schema's \"%s\" does not hold".formatted(place, error.getKeyword()));
  }

  private static void checkContent(
      byte[] file, TraceLines lines, List<TraceEntry> entries, List<Problem> problems) {
    DecisionTrace trace;
    try {
      trace = new DecisionTrace(entries);
      byte[] expected = TraceLines.of(trace).signed(lines.signature()).bytes();
      int at = Arrays.mismatch(expected, file);
      if (at >= 0) {
        problems.add(
            new Problem(line(file, at), "byte %d is not as a trace is written".formatted(at)));
      }
    } catch (IllegalArgumentException e) {
      problems.add(new Problem(0, String.valueOf(e.getMessage())));
      return;
    }
    TraceReferences.check(trace, problems);
  }

  private static int line(byte[] file, int at) {
    int line = 1;
    for (int i = 0; i < Math.min(at, file.length); i++) {
      line += file[i] == '\n' ? 1 : 0;
    }
    return line;
  }

  /** What the last hash stands for is known only where the chain leads to it. */
  private Verification signed(TraceLines lines, boolean unbroken, List<Problem> problems) {
    int line = lines.entries().size() + TraceLines.FIRST_LINE;
    SignatureState state = SignatureState.ABSENT;
    Optional<String> signedBy = Optional.empty();
    if (lines.signature().isPresent()) {
      state = SignatureState.INVALID;
      Optional<PublicKey> key = key(lines.signature().get(), line, problems);
      if (key.isPresent()) {
        if (unbroken && lines.signature().get().isOf(lines.lastHash(), key.get())) {
          signedBy = key.map(TraceKeys::fingerprint);
          state = state(key.get());
        } else {
          problems.add(new Problem(line, "the signature is not one of this trace by this key"));
        }
      }
    }
    if (required.isPresent() && state != SignatureState.BY_REQUIRED_KEY) {
      problems.add(
          new Problem(
              line,
              "expected a signature by the key %s, found %s"
                  .formatted(
                      required.map(TraceKeys::fingerprint).get(),
                      signedBy.map(by -> "one by " + by).orElse("none that holds"))));
    }
    return new Verification(
        shortened(problems),
        lines.entries().size(),
        Optional.of(lines.lastHash()),
        state,
        signedBy);
  }

  private static List<Problem> shortened(List<Problem> problems) {
    if (problems.size() <= MAX_PROBLEMS) {
      return problems;
    }
    List<Problem> first = new ArrayList<>(problems.subList(0, MAX_PROBLEMS - 1));
    first.add(new Problem(0, "and %d more".formatted(problems.size() - first.size())));
    return first;
  }

  private SignatureState state(PublicKey key) {
    if (required.isEmpty()) {
      return SignatureState.BY_SOME_KEY;
    }
    boolean same = Arrays.equals(required.get().getEncoded(), key.getEncoded());
    return same ? SignatureState.BY_REQUIRED_KEY : SignatureState.INVALID;
  }

  private static Optional<PublicKey> key(
      TraceSignature signature, int line, List<Problem> problems) {
    try {
      return Optional.of(signature.key());
    } catch (IllegalArgumentException _) {
      problems.add(new Problem(line, "expected a signature with a public key of Ed25519"));
      return Optional.empty();
    }
  }
}
