package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.trace.Verification.SignatureState;

/** Nothing can be changed in a file without its being found. */
class TraceVerifierTest {
  private static final boolean FULL = Boolean.getBoolean("vesalius.full");
  private static final KeyPair KEYS = keys();
  private static final TraceVerifier VERIFIER = new TraceVerifier();
  private static final Optional<TraceSigner> SIGNER =
      Optional.of(TraceSigner.of(KEYS.getPrivate()));

  @TempDir Path folder;

  private static KeyPair keys() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void everyEditOfOneByteIsFound() {
    byte[] file = TraceFile.bytes(SampleTraces.small(), Optional.empty());
    assertTrue(VERIFIER.verify(file).isValid());
    everyEdit(file, 0);
  }

  @Test
  void everyEditOfASignatureIsFound() {
    byte[] file = TraceFile.bytes(SampleTraces.small(), SIGNER);
    assertTrue(VERIFIER.verify(file).isValid());
    // What comes before is as without a signature, but for the time that checking one takes.
    int signature = new String(file, StandardCharsets.US_ASCII).indexOf("\n],\"signature\"");
    everyEdit(file, FULL ? 0 : signature);
  }

  private static void everyEdit(byte[] file, int from) {
    Random random = new Random(4);
    for (int at = from; at < file.length; at++) {
      // The lowest bit: what a decoder of base64 or a reader of numbers most likely ignores.
      edited(file, at, file[at] ^ 1);
      // Of the other edits one at each byte, so that each of them comes at every kind of byte.
      int other = random.nextInt(4);
      for (int edit = 0; edit < 4; edit++) {
        if (FULL || edit == other) {
          edit(file, at, edit, random);
        }
      }
    }
    inserted(file, file.length, '\n');
    inserted(file, file.length, ' ');
  }

  private static void edit(byte[] file, int at, int edit, Random random) {
    switch (edit) {
      case 0 -> edited(file, at, file[at] ^ (1 << random.nextInt(1, 8)));
      case 1 -> inserted(file, at, " \n,0\"".charAt(random.nextInt(5)));
      case 2 ->
          rejected(
              concat(Arrays.copyOf(file, at), Arrays.copyOfRange(file, at + 1, file.length)), at);
      default -> {
        if (at > 0 && file[at] != file[at - 1]) {
          byte[] swapped = file.clone();
          swapped[at] = file[at - 1];
          swapped[at - 1] = file[at];
          rejected(swapped, at);
        }
      }
    }
  }

  @Test
  void everyOtherByteIsFoundInASignatureAndAtTheEnds() {
    byte[] file = TraceFile.bytes(SampleTraces.small(), SIGNER);
    for (int at : List.of(0, 60, file.length - 1, file.length - 5, file.length - 105)) {
      for (int value = 0; value < 256; value += FULL ? 1 : 5) {
        if ((byte) value != file[at]) {
          edited(file, at, value);
        }
      }
    }
  }

  private static void edited(byte[] file, int at, int value) {
    byte[] edited = file.clone();
    edited[at] = (byte) value;
    rejected(edited, at);
  }

  private static void inserted(byte[] file, int at, char value) {
    byte[] more = {(byte) value};
    rejected(
        concat(concat(Arrays.copyOf(file, at), more), Arrays.copyOfRange(file, at, file.length)),
        at);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static void rejected(byte[] file, int at) {
    assertFalse(
        VERIFIER.verify(file).isValid(),
        () -> "seed 4, at " + at + ": " + new String(file, StandardCharsets.ISO_8859_1));
  }

  @Test
  void editsOfALargerTraceAreFound() {
    byte[] file = TraceFile.bytes(SampleTraces.chest(), Optional.empty());
    Random random = new Random(5);
    for (int i = 0; i < (FULL ? 5_000 : 20); i++) {
      int at = random.nextInt(file.length);
      edited(file, at, file[at] ^ (1 << random.nextInt(8)));
    }
  }

  @Test
  void entriesCannotBeMovedTakenOrRepeated() {
    String file = TraceFileTest.text(SampleTraces.chest());
    String small = rechained(file.replaceAll("\"png\":\"[^\"]*\"", "\"png\":null"));
    assertTrue(VERIFIER.verify(small.getBytes(StandardCharsets.US_ASCII)).isValid());
    List<String> lines = small.lines().toList();
    int last = lines.size() - 2;
    for (int i = 1; i < last; i++) {
      List<String> swapped = new ArrayList<>(lines);
      Collections.swap(swapped, i, i + 1);
      brokenAt(swapped, i, i + 1);
      List<String> without = new ArrayList<>(lines);
      without.remove(i);
      brokenAt(without, i, i + 1);
      List<String> twice = new ArrayList<>(lines);
      twice.add(i, lines.get(i));
      brokenAt(twice, i + 1, i + 2);
    }
  }

  /** The lines are closed properly, so that the chain alone tells. */
  private static void brokenAt(List<String> lines, int first, int second) {
    List<String> closed = new ArrayList<>(lines);
    for (int i = 1; i < closed.size() - 1; i++) {
      String bare = closed.get(i).replaceAll(",$", "");
      closed.set(i, i == closed.size() - 2 ? bare : bare + ",");
    }
    byte[] file = (String.join("\n", closed) + "\n").getBytes(StandardCharsets.US_ASCII);
    Verification found = VERIFIER.verify(file);
    assertTrue(
        found.problems().stream()
            .anyMatch(p -> p.what().contains("hash") && p.line() > first && p.line() <= second + 1),
        () -> "lines from " + first + ": " + found.problems());
  }

  @Test
  void truncatedFilesAreFound() {
    byte[] file = TraceFile.bytes(SampleTraces.small(), Optional.empty());
    for (int length = 0; length < file.length; length++) {
      rejected(Arrays.copyOf(file, length), length);
    }
  }

  @Test
  void garbageGivesOneProblem() throws IOException {
    byte[] noise = new byte[10 << 20];
    new Random(6).nextBytes(noise);
    assertEquals(1, VERIFIER.verify(noise).problems().size());
    String header = TraceFileTest.text(SampleTraces.small()).lines().findFirst().orElseThrow();
    byte[] headed = concat((header + "\n").getBytes(StandardCharsets.US_ASCII), noise);
    assertFalse(VERIFIER.verify(headed).isValid());
    byte[] empty = (header + "\n],\"signature\":null}\n").getBytes(StandardCharsets.US_ASCII);
    assertFalse(VERIFIER.verify(empty).isValid());
    Path file = folder.resolve("none.json");
    assertThrows(UncheckedIOException.class, () -> VERIFIER.verify(file));
    Files.write(file, new byte[0]);
    assertEquals(1, VERIFIER.verify(file).problems().size());
  }

  @Test
  void nothingThatATraceCouldSayIsAnException() {
    String good =
        TraceFileTest.text(SampleTraces.chest()).replaceAll("\"png\":\"[^\"]*\"", "\"png\":null");
    List<String> values =
        List.of(
            "-1", "2147483647", "-2147483648", "0", "1e400", "\"NaN\"", "null", "[]", "{}", "\"\"");
    List<MatchResult> places =
        Pattern.compile("(?<=[:\\[,])(?<!\"hash\":)(-?[0-9][0-9.]*|null|\"[^\"]*\"(?!:))")
            .matcher(good)
            .results()
            .toList();
    Random random = new Random(9);
    int shown = 0;
    for (int i = 0; i < (FULL ? 20_000 : 150); i++) {
      MatchResult place = places.get(random.nextInt(places.size()));
      String value = values.get(random.nextInt(values.size()));
      String edited = good.substring(0, place.start()) + value + good.substring(place.end());
      byte[] file = rechained(edited).getBytes(StandardCharsets.US_ASCII);
      String what = "seed 9, edit %d: %s to %s".formatted(i, place.group(), value);
      Verification found = assertDoesNotThrow(() -> VERIFIER.verify(file), what);
      try {
        DecisionTrace read = TraceFile.read(file, "edited");
        assertDoesNotThrow(() -> TraceHtml.render(read, found, new StringBuilder()), what);
        shown++;
      } catch (TraceFormatException e) {
        assertTrue(String.valueOf(e.getMessage()).startsWith("edited:"), what);
      }
    }
    assertTrue(shown > 25, "only " + shown + " could be read");
  }

  @Test
  void manyProblemsAreCounted() {
    List<String> lines = TraceFileTest.text(SampleTraces.small()).lines().toList();
    StringBuilder file = new StringBuilder(lines.getFirst() + "\n");
    for (int i = 0; i < 5_000; i++) {
      file.append("{,\"hash\":\"").append("0".repeat(64)).append("\"},\n");
    }
    file.append(lines.get(3)).append('\n').append(lines.get(4)).append('\n');
    Verification found = VERIFIER.verify(file.toString().getBytes(StandardCharsets.US_ASCII));
    assertFalse(found.isValid());
    assertEquals(1_000, found.problems().size());
    assertTrue(found.problems().getLast().what().matches("and [0-9]+ more"));
  }

  @Test
  void deepNestingIsAProblemAndNoOverflow() {
    String deep = "[".repeat(200_000) + "]".repeat(200_000);
    String file =
        rechained(
            TraceFileTest.text(SampleTraces.small())
                .replace("{\"seed\":1}", "{\"seed\":" + deep + "}"));
    Verification found = VERIFIER.verify(file.getBytes(StandardCharsets.US_ASCII));
    assertEquals(1, found.problems().size(), () -> found.problems().toString());
    assertEquals(2, found.problems().getFirst().line());
    String allowed = "[".repeat(397) + "]".repeat(397);
    file =
        rechained(
            TraceFileTest.text(SampleTraces.small())
                .replace("{\"seed\":1}", "{\"seed\":" + allowed + "}"));
    assertEquals(List.of(), VERIFIER.verify(file.getBytes(StandardCharsets.US_ASCII)).problems());
  }

  /** The recipe of docs/traces.md in a few lines of text: nothing of the library. */
  private static String rechained(String file) {
    StringBuilder out = new StringBuilder();
    String previous = "vesalius-trace 1";
    for (String line : file.split("(?<=\n)", -1)) {
      int hash = line.lastIndexOf(",\"hash\":\"");
      if (hash < 0) {
        out.append(line);
        continue;
      }
      String json = line.substring(0, hash) + "}";
      previous = sha256(previous + "\n" + json);
      out.append(line, 0, hash).append(",\"hash\":\"").append(previous);
      out.append(line.substring(hash + 9 + 64));
    }
    return out.toString();
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(text.getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anybodyCanComputeTheChain() {
    String file = TraceFileTest.text(SampleTraces.chest());
    assertEquals(file, rechained(file));
    assertTrue(file.contains(TraceFile.lastHash(SampleTraces.chest())));
  }

  @Test
  void whatIsWrittenAnewIsFoundOnlyByItsSignature() throws IOException {
    String edited =
        rechained(
            TraceFileTest.text(SampleTraces.chest())
                .replace("No pleural effusion", "A pleural effusion"));
    byte[] file = edited.getBytes(StandardCharsets.US_ASCII);
    assertTrue(VERIFIER.verify(file).isValid());
    assertEquals(SignatureState.ABSENT, VERIFIER.verify(file).signature());
    assertTrue(VERIFIER.verify(file).summary().contains("Nobody has signed"));
    Verification demanded = new TraceVerifier(KEYS.getPublic()).verify(file);
    assertFalse(demanded.isValid());
    assertTrue(demanded.problems().getFirst().what().contains("none that holds"));

    // With the signature of the original it is found in any case.
    String original =
        new String(TraceFile.bytes(SampleTraces.chest(), SIGNER), StandardCharsets.US_ASCII);
    String signature = original.substring(original.indexOf("],\"signature\":"));
    String stolen = edited.substring(0, edited.indexOf("],\"signature\":")) + signature;
    Verification found = VERIFIER.verify(stolen.getBytes(StandardCharsets.US_ASCII));
    assertEquals(SignatureState.INVALID, found.signature());
    assertFalse(found.isValid());
  }

  /** The signature is of the last hash, which whoever edits an entry can leave as it is. */
  @Test
  void nobodyHasSignedABrokenChain() {
    String signed =
        new String(TraceFile.bytes(SampleTraces.chest(), SIGNER), StandardCharsets.US_ASCII);
    byte[] edited =
        signed
            .replace("No pleural effusion", "A pleural effusion")
            .getBytes(StandardCharsets.US_ASCII);
    for (TraceVerifier verifier : List.of(VERIFIER, new TraceVerifier(KEYS.getPublic()))) {
      Verification found = verifier.verify(edited);
      assertFalse(found.isValid());
      assertEquals(SignatureState.INVALID, found.signature());
      assertEquals(Optional.empty(), found.signedBy());
    }
  }

  @Test
  void signaturesNameTheirKey() {
    byte[] file = TraceFile.bytes(SampleTraces.small(), SIGNER);
    String fingerprint = TraceKeys.fingerprint(KEYS.getPublic());
    Verification any = VERIFIER.verify(file);
    assertEquals(SignatureState.BY_SOME_KEY, any.signature());
    assertEquals(Optional.of(fingerprint), any.signedBy());
    Verification required = new TraceVerifier(KEYS.getPublic()).verify(file);
    assertTrue(required.isValid());
    assertEquals(SignatureState.BY_REQUIRED_KEY, required.signature());
    Verification other = new TraceVerifier(keys().getPublic()).verify(file);
    assertFalse(other.isValid());
    assertEquals(Optional.of(fingerprint), other.signedBy());
    assertTrue(other.problems().getFirst().what().contains("one by " + fingerprint));
  }

  @Test
  void referencesMustPointToSomething() {
    String good = TraceFileTest.text(SampleTraces.chest());
    problem(good.replace("\"steps\":[3,5]", "\"steps\":[3,11]"), "step");
    problem(good.replace("\"images\":[1]", "\"images\":[2]"), "image");
    problem(
        good.replaceFirst("\"places\":\\[\\{\"image\":0", "\"places\":[{\"image\":-1"), "minimum");
    problem(good.replaceFirst("\"places\":\\[\\{\"image\":0", "\"places\":[{\"image\":9"), "image");
    problem(good.replace("\"images\":[0],", "\"images\":[2],"), "image");
    problem(good.replace("\"images\":[0],", "\"images\":null,"), "array");
    problem(good.replaceFirst("\"start\":11,\"end\":17", "\"start\":11,\"end\":99"), "entity");
    problem(good.replaceFirst("\"start\":11,\"end\":17", "\"start\":11,\"end\":11"), "span");
    problem(good.replace(",\"entities\":[]", ",\"entities\":null"), "array");
    problem(good.replace("\"chosen\":0", "\"chosen\":3"), "candidate");
    problem(good.replace("\"firstToken\":24", "\"firstToken\":63"), "tokens");
    problem(good.replace("\"endToken\":62", "\"endToken\":63"), "tokens");
    problem(good.replace("\"parent\":0", "\"parent\":1"), "parent");
    problem(good.replace("\"turn\":1", "\"turn\":2"), "turn");
    problem(good.replace("\"turn\":1", "\"turn\":-1"), "turn");
    problem(good.replace("\"images\":[1]", "\"images\":[-2147483648]"), "image");
    problem(
        good.replace("{\"kind\":\"claim\",\"index\":4", "{\"kind\":\"claim\",\"index\":5"),
        "index");
    problem(
        good.replace("\"result\":{\"id\":\"call-0\"", "\"result\":{\"id\":\"call-1\""),
        "earlier call");
    problem(good.replace("\"kind\":\"think\"", "\"kind\":\"check\""), "check");
    problem(good.replace("\"relative\":[0.25,", "\"relative\":[\"NaN\","), "finite");
    problem(
        good.replace("\"answerSource\":\"model\"", "\"answerSource\":\"Model\""), "answersource");
  }

  /** Version 1 got members that what was written before does not have. */
  @Test
  void tracesOfBeforeAreStillValid() {
    String old = rechained(TraceFileTest.old(TraceFileTest.text(SampleTraces.chest())));
    assertEquals(List.of(), VERIFIER.verify(old.getBytes(StandardCharsets.US_ASCII)).problems());
  }

  @Test
  void picturesMustBeThoseThatWereHashed() {
    DecisionTrace trace = SampleTraces.chest();
    String good = TraceFileTest.text(trace);
    problem(good.replace(trace.images().getFirst().pixelsSha256(), "0".repeat(64)), "samples");
    problem(good.replaceFirst("\"width\":336", "\"width\":335"), "png");
    problem(good.replaceFirst("\"width\":336", "\"width\":337"), "found 336x336");
    problem(good.replaceFirst("\"png\":\"iVBORw0KGgo", "\"png\":\"R0lGODlhAQA"), "format");
    problem(good.replaceFirst("\"png\":\"[^\"]{200}", "\"png\":\"iVBORw0KGgoAAA=="), "png");
  }

  /** Found although the chain was computed anew. */
  private static void problem(String edited, String what) {
    Verification found = VERIFIER.verify(rechained(edited).getBytes(StandardCharsets.US_ASCII));
    assertFalse(found.isValid(), what);
    assertTrue(
        found.problems().stream().anyMatch(p -> p.what().contains(what)),
        () -> what + ": " + found.problems());
  }

  @Test
  void otherTextsForTheSameAreFound() {
    String good = TraceFileTest.text(SampleTraces.small());
    for (String other :
        List.of(
            good.replace("\"millis\":3.0", "\"millis\":3"),
            good.replace("\"millis\":3.0", "\"millis\":3.00"),
            good.replace("\"millis\":3.0", "\"millis\":0.3e1"),
            good.replace("[-0.5,-0.0]", "[-0.5,-0.00]"),
            good.replace("[-0.5,-0.0]", "[-0.5, -0.0]"),
            good.replace("\\u6B63", "\\u6b63"),
            good.replace("\\u6B63", "?"),
            good.replace("answered", "answere\\u0064"),
            good.replace("\"turns\":1", "\"turns\":1 "),
            good.replace("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            good.replace(
                "\"software\":\"s\",\"platform\":\"p\"",
                "\"platform\":\"p\",\"software\":\"s\""))) {
      String file = rechained(other);
      assertFalse(file.equals(good), "the edit was none");
      if (!other.contains("?")) {
        problem(other, "is not as a trace is written");
      }
    }
  }

  @Test
  void theSchemaStandsAlone() {
    String schema = TraceFile.schema();
    assertTrue(schema.contains("\"urn:vesalius:trace:1\""));
    assertFalse(schema.contains("\"http://"));
  }
}
