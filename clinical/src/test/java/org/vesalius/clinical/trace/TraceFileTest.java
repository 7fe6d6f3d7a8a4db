package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.trace.TraceEntry.Outcome;
import org.vesalius.clinical.trace.TraceEntry.Run;
import org.vesalius.clinical.trace.TraceEntry.Turn;

/** What is written is what is read, to the bit. */
class TraceFileTest {
  private static final String NASTY =
      "\u0000\u001f\u007f\u0085\u2028\ufeff\"\\/\u6b63\ud83e\ude7b half \ud800 other \udc00 </script>,\"hash\":\"\n\r\t";

  @TempDir Path folder;

  @Test
  void everyKindOfEntryComesBackEqual() {
    DecisionTrace trace = SampleTraces.chest();
    Path file = folder.resolve("trace.json");
    TraceFile.write(trace, file);
    assertEquals(trace, TraceFile.read(file));
    assertArrayEquals(TraceFile.bytes(trace, Optional.empty()), bytes(file));
    assertEquals(List.of(), new TraceVerifier().verify(file).problems());
  }

  @Test
  void numbersComeBackToTheBit() {
    Random random = new Random(1);
    List<Double> numbers =
        new ArrayList<>(
            List.of(
                Double.NEGATIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                Double.NaN,
                -0.0,
                0.0,
                Double.MIN_VALUE,
                -Double.MAX_VALUE,
                1.0,
                1e10,
                1e-5));
    for (int i = 0; i < 5_000; i++) {
      numbers.add(Double.longBitsToDouble(random.nextLong()));
    }
    DecisionTrace trace = withTurn(numbers, Long.MIN_VALUE);
    DecisionTrace read = reread(trace);
    List<Double> found = read.turns().getFirst().logprobs();
    for (int i = 0; i < numbers.size(); i++) {
      double value = numbers.get(i);
      // All NaN are one: JSON has not even one.
      assertEquals(
          Double.doubleToLongBits(value), Double.doubleToLongBits(found.get(i)), "seed 1, " + i);
    }
    assertEquals(Long.MIN_VALUE, read.turns().getFirst().seed());
  }

  @Test
  void stringsComeBackWhateverIsInThem() {
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      StringBuilder text = new StringBuilder(i == 0 ? NASTY : "");
      for (int c = 0; c < 40; c++) {
        text.append((char) random.nextInt(random.nextBoolean() ? 0x80 : 0x10000));
      }
      DecisionTrace trace =
          withTask(Map.of(whole(text.toString()), text.toString()), text.toString());
      assertEquals(trace, reread(trace), "seed 2, " + i);
    }
  }

  /** Without halves of surrogate pairs, which names of members cannot have. */
  private static String whole(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  @Test
  void parsedJsonComesBackEqual() {
    Random random = new Random(3);
    for (int i = 0; i < 200; i++) {
      Map<String, Object> task = SampleTraces.json("value", randomJson(random, 0));
      assertEquals(task, reread(withTask(task, "")).run().task(), "seed 3, " + i);
    }
  }

  private static Object randomJson(Random random, int depth) {
    return switch (random.nextInt(depth > 4 ? 9 : 12)) {
      case 0 -> random.nextInt();
      case 1 -> random.nextLong() | Long.MIN_VALUE >>> 1;
      case 2 -> new BigInteger(90, random).setBit(80);
      case 3 -> random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      case 4 -> new BigDecimal(new BigInteger(120, random).setBit(100), 130).negate();
      case 5 -> new BigDecimal("1.50");
      case 6 -> random.nextBoolean();
      case 7 -> "";
      case 8 -> Arrays.asList(null, random.nextInt(3));
      case 9 -> List.of(randomJson(random, depth + 1), randomJson(random, depth + 1));
      case 10 -> SampleTraces.json("b", null, "a", randomJson(random, depth + 1), "", Map.of());
      default -> List.of();
    };
  }

  @Test
  void membersKeepTheirOrder() {
    Map<String, Object> task = SampleTraces.json("z", 1, "a", 2, "m", 3);
    assertEquals(
        List.of("z", "a", "m"), List.copyOf(reread(withTask(task, "")).run().task().keySet()));
  }

  @Test
  void theFileIsAscii() {
    byte[] file = TraceFile.bytes(withTask(Map.of("t", NASTY), NASTY), Optional.empty());
    for (byte b : file) {
      assertTrue(b == '\n' || b >= 0x20, "byte " + b);
    }
  }

  @Test
  void whatJsonCannotSayIsRefused() {
    for (Object value : List.of(Double.NaN, Float.NEGATIVE_INFINITY, new Object(), 'c')) {
      TraceFormatException refused =
          assertThrows(
              TraceFormatException.class,
              () -> TraceFile.bytes(withTask(Map.of("v", value), ""), Optional.empty()));
      assertTrue(String.valueOf(refused.getMessage()).contains("expected"), refused::getMessage);
    }
    DecisionTrace half = withTask(Map.of("\ud800", 1), "");
    assertThrows(TraceFormatException.class, () -> TraceFile.lastHash(half));
    Object deep = List.of();
    for (int i = 0; i < 500; i++) {
      deep = List.of(deep);
    }
    DecisionTrace trace = withTask(Map.of("deep", deep), "");
    assertThrows(TraceFormatException.class, () -> TraceFile.lastHash(trace));
  }

  @Test
  void aFileIsReplacedAsAWhole() throws IOException {
    Path file = folder.resolve("trace.json");
    Files.writeString(file, "before");
    DecisionTrace impossible = withTask(Map.of("v", Double.NaN), "");
    assertThrows(TraceFormatException.class, () -> TraceFile.write(impossible, file));
    assertEquals("before", Files.readString(file));
    TraceFile.write(SampleTraces.small(), file);
    assertEquals(SampleTraces.small(), TraceFile.read(file));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
    Path nowhere = folder.resolve("none").resolve("trace.json");
    assertThrows(UncheckedIOException.class, () -> TraceFile.write(SampleTraces.small(), nowhere));
  }

  @Test
  void errorsNameTheLineAndNotTheContent() {
    String good = text(SampleTraces.small());
    assertMessage(good.replace("\"seed\":1,\"first", "\"seed\":\"Doe\",\"first"), ":3:", "64 bits");
    assertMessage(good.replace("\"purpose\":\"agent\",", ""), ":3:", "no such member");
    assertMessage(good.replace("\"kind\":\"turn\"", "\"kind\":\"Doe\""), ":3:", "kind");
    assertMessage(good.replace("\"index\":0", "\"index\":Doe"), ":3:", "column");
    assertMessage(good.replace("\"index\":0", "\"index\":0,\"Doe\":0"), ":3:", "others too");
    assertMessage(good.replace("\"index\":0", "\"index\":0,\"index\":0"), ":3:", "column");
    assertMessage(good.replace("\"version\":1", "\"version\":2"), ":1:", "found 2");
    assertMessage("Doe\n" + good, ":1:", "something else");
    assertMessage("", ":1:", "something else");
    assertMessage(good.replace("[7,8]", "[7]"), ":3:", "for each of 1 tokens");
  }

  private static void assertMessage(String file, String... parts) {
    TraceFormatException refused =
        assertThrows(
            TraceFormatException.class,
            () -> TraceFile.read(file.getBytes(StandardCharsets.UTF_8), "x"));
    for (String part : parts) {
      assertTrue(String.valueOf(refused.getMessage()).contains(part), refused::getMessage);
    }
    assertFalse(String.valueOf(refused.getMessage()).contains("Doe"), refused::getMessage);
  }

  private static DecisionTrace reread(DecisionTrace trace) {
    byte[] bytes = TraceFile.bytes(trace, Optional.empty());
    DecisionTrace read = TraceFile.read(bytes, "trace");
    assertArrayEquals(bytes, TraceFile.bytes(read, Optional.empty()));
    return read;
  }

  /** A trace as it was written before checks named pictures and claims named entities. */
  static String old(String text) {
    String without =
        text.replace("\"images\":[0],\"candidates\"", "\"candidates\"")
            .replaceAll(",\"entities\":\\[[^]]*]", "");
    assertFalse(without.contains("RID50149") || without.contains("\"images\":[0]"), without);
    return without;
  }

  static String text(DecisionTrace trace) {
    return new String(TraceFile.bytes(trace, Optional.empty()), StandardCharsets.US_ASCII);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DecisionTrace withTurn(List<Double> logprobs, long seed) {
    DecisionTrace small = SampleTraces.small();
    List<Integer> tokens = logprobs.stream().map(_ -> Integer.MAX_VALUE).toList();
    return new DecisionTrace(
        List.of(
            small.run(),
            new Turn(0, "agent", 0, 0, tokens, logprobs, "", seed, 0, 0),
            small.outcome()));
  }

  @SuppressWarnings("NullAway") // it does not see in class files that values may be null
  static DecisionTrace withTask(Map<String, Object> task, String answer) {
    DecisionTrace small = SampleTraces.small();
    Run run = small.run();
    Outcome outcome = small.outcome();
    return new DecisionTrace(
        List.of(
            new Run(
                run.id(),
                run.startedAt(),
                task,
                run.model(),
                run.tools(),
                run.limits(),
                run.sampling(),
                run.software(),
                run.platform(),
                run.backend()),
            new Outcome(
                answer,
                outcome.answerSource(),
                outcome.stopReason(),
                outcome.turns(),
                outcome.calls(),
                outcome.millis(),
                List.of(answer))));
  }
}
