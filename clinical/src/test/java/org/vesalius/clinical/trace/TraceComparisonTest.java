package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vesalius.clinical.trace.TraceComparison.Difference;

/** What a replay must reproduce is compared, and nothing else. */
class TraceComparisonTest {
  private static final DecisionTrace TRACE = SampleTraces.chest();
  private static final String TEXT = TraceFileTest.text(TRACE);

  private static DecisionTrace edited(String from, String to) {
    String file = TEXT.replace(from, to);
    assertFalse(file.equals(TEXT), "the trace has no " + from);
    return TraceFile.read(file.getBytes(StandardCharsets.US_ASCII), "edited");
  }

  private static void differs(String from, String to, String place) {
    Difference found =
        TraceComparison.firstDifference(TRACE, edited(from, to))
            .orElseThrow(() -> new AssertionError(from));
    assertEquals(place, found.place(), found::toString);
  }

  @Test
  void aReproducedRunHasNoDifference() {
    assertEquals(Optional.empty(), TraceComparison.firstDifference(TRACE, TRACE));
    // What was parsed again holds other kinds of numbers in other maps.
    assertEquals(
        Optional.empty(),
        TraceComparison.firstDifference(
            TRACE, TraceFile.read(TEXT.getBytes(StandardCharsets.US_ASCII), "again")));
  }

  @Test
  void idsTimesAndNamesOfFilesAreNotCompared() {
    for (String[] edit :
        List.of(
            new String[] {"3f9b8c1e", "00000000"},
            new String[] {"2026-02-14T09", "2026-02-15T10"},
            new String[] {"\"millis\":88.5", "\"millis\":99.5"},
            new String[] {"\"firstTokenMillis\":81.25", "\"firstTokenMillis\":1.0"},
            new String[] {"\"startMillis\":300.0", "\"startMillis\":1.0"},
            new String[] {"call-0", "call-7"},
            new String[] {"models/demo", "elsewhere"},
            new String[] {"\"origin\":\"several.png\"", "\"origin\":\"copy.png\""})) {
      DecisionTrace other = edited(edit[0], edit[1]);
      assertEquals(Optional.empty(), TraceComparison.firstDifference(TRACE, other), edit[0]);
    }
  }

  @Test
  void aTokenIsNamedWithBothIdsAndItsProbability() {
    TraceEntry.Turn turn = TRACE.turns().getFirst();
    String tokens = "[0,239,478,";
    Difference found =
        TraceComparison.firstDifference(TRACE, edited(tokens, "[0,239,5,")).orElseThrow();
    assertEquals("turn 0, token 2", found.place());
    assertEquals("id 478 (log-probability %s)".formatted(turn.logprobs().get(2)), found.expected());
    assertEquals("id 5 (log-probability %s)".formatted(turn.logprobs().get(2)), found.found());
  }

  @Test
  void aShorterAnswerDiffersWhereItEnds() {
    DecisionTrace small = SampleTraces.small();
    String text =
        TraceFileTest.text(small).replace("[7,8]", "[7]").replace("[-0.5,-0.0]", "[-0.5]");
    DecisionTrace shorter = TraceFile.read(text.getBytes(StandardCharsets.US_ASCII), "shorter");
    Difference found = TraceComparison.firstDifference(small, shorter).orElseThrow();
    assertEquals("turn 0, token 1", found.place());
    assertEquals("the end, reason stop", found.found());
  }

  @Test
  void oneBitOfALogProbabilityIsADifferenceOnTheSameBackendOnly() {
    double last = TRACE.turns().getFirst().logprobs().getLast();
    String from = last + "],\"finishReason\"";
    String to = Math.nextUp(last) + "],\"finishReason\"";
    differs(from, to, "turn 0, log-probability of token 45");
    String other =
        TEXT.replace(from, to).replace("\"backend\":\"reference\"", "\"backend\":\"cuda\"");
    TraceComparison found = compare(other);
    assertEquals(Optional.empty(), found.firstDifference());
    assertEquals(List.of(new Difference("backend", "reference", "cuda")), found.notes());
  }

  @Test
  void anotherBackendIsNotedAndTheFirstTokenNamed() {
    TraceComparison found =
        compare(
            TEXT.replace("\"backend\":\"reference\"", "\"backend\":\"cuda\"")
                .replace("[0,239,478,", "[0,239,5,"));
    assertEquals("backend", found.notes().getFirst().place());
    assertEquals("turn 0, token 2", found.firstDifference().orElseThrow().place());
  }

  private static TraceComparison compare(String text) {
    return TraceComparison.of(
        TRACE, TraceFile.read(text.getBytes(StandardCharsets.US_ASCII), "other"));
  }

  @Test
  void everythingElseIsComparedAndNamed() {
    String weights = TRACE.run().model().weightsSha256();
    differs(weights, "0".repeat(64), "model, weights");
    differs("\"cacheFormat\":\"bf16\"", "\"cacheFormat\":\"int8\"", "model, cache format");
    differs("\"maxTurns\":30", "\"maxTurns\":31", "limits, character 13");
    differs("\"temperature\":0.7", "\"temperature\":0.0", "sampling, character 17");
    differs(
        "Cuts out",
        "Cut out",
        "tools, character " + at(TraceJson.text(TRACE.run().tools()), "s out"));
    Object arguments = TRACE.steps().get(1).call().orElseThrow().arguments();
    String pixels = TRACE.images().get(1).pixelsSha256();
    differs(pixels, "0".repeat(64), "image 1, SHA-256 of the samples");
    differs("\"seed\":43", "\"seed\":44", "turn 1, seed");
    differs("Both lungs are", "Both lungs were", "step 0, text, character 11");
    differs(
        "[280,185,470,375]",
        "[280,185,470,376]",
        "step 1, arguments, character " + at(TraceJson.text(arguments), "5],"));
    differs("\"status\":\"ok\"", "\"status\":\"failed\"", "step 2, status");
    differs("Image 1 shows", "Image 2 shows", "step 2, result, character 6");
    differs(
        "\"logLikelihood\":-0.31",
        "\"logLikelihood\":-0.32",
        "step 5, log-likelihood of candidate 0");
    differs("\"images\":[0]", "\"images\":[1]", "step 5, images");
    differs("\"id\":\"RID50149\"", "\"id\":\"RID1\"", "claim 0, entities");
    differs("\"chosen\":0", "\"chosen\":1", "step 5, chosen candidate");
    differs("\"label\":\"edge of", "\"label\":\"side of", "step 3, places");
    differs("\"status\":\"uncertain\"", "\"status\":\"supported\"", "claim 1, status");
    differs("\"support\":0.58", "\"support\":0.59", "claim 1, support");
    differs("deserve attention in", "deserve attention at", "claim 4, sources");
    differs(
        "\"stopReason\":\"answered\"", "\"stopReason\":\"turns\"", "outcome, reason of the end");
    differs("{\"zoom\":1}", "{\"zoom\":2}", "outcome, calls");
  }

  @Test
  void whatOldTracesDoNotSayIsNoDifference() {
    DecisionTrace old =
        TraceFile.read(TraceFileTest.old(TEXT).getBytes(StandardCharsets.US_ASCII), "an old trace");
    assertEquals(Optional.empty(), TraceComparison.firstDifference(old, TRACE));
    assertEquals(
        "step 5, images",
        TraceComparison.firstDifference(TRACE, old).orElseThrow().place(),
        "what is no longer said");
  }

  private static int at(String text, String part) {
    return text.indexOf(part);
  }

  @Test
  void aStepMoreOrLessIsNamed() {
    List<TraceEntry> entries = new ArrayList<>(TRACE.entries());
    entries.remove(4); // the call
    Difference found =
        TraceComparison.firstDifference(TRACE, new DecisionTrace(entries)).orElseThrow();
    assertEquals("entry 4", found.place());
    assertEquals("step 1, tool_call", found.expected());
    assertEquals("image 1", found.found());
    assertTrue(found.toString().contains("expected step 1"));
  }
}
