package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.ContextOverflowException;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.vision.image.ImageFormatException;

/**
 * Many requests of all kinds from many threads: none is lost, none gets another's answer, and
 * memory does not grow. 10,000 with {@code -Dvesalius.full=true}.
 */
class EngineStressTest {
  private static final int THREADS = 64;
  private static final int REQUESTS = Boolean.getBoolean("vesalius.full") ? 10_000 : 600;

  private static final List<String> QUESTIONS =
      List.of(
          "Write a report.",
          "Is there a nodule?",
          "Is there a pleural effusion?",
          "Is the heart enlarged?",
          "Where is the nodule?");

  private final ConcurrentHashMap<String, LongAdder> outcomes = new ConcurrentHashMap<>();

  @Test
  @Timeout(1200)
  void everyRequestGetsItsOwnAnswer() throws Exception {
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model =
            ChatModel.open(
                demo.directory(),
                OpenOptions.defaults()
                    .withCacheTokens(2048)
                    .withCapacity(new Capacity(8, 40, 1024)));
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Part> pictures = pictures(demo);
      List<List<List<Integer>>> expected = new ArrayList<>();
      for (Part picture : pictures) {
        List<List<Integer>> answers = new ArrayList<>();
        for (String question : QUESTIONS) {
          answers.add(
              model
                  .generate(ChatRequest.builder().user(picture, Part.text(question)).build())
                  .tokenIds());
        }
        expected.add(answers);
      }
      long resident = 0;
      int quarter = REQUESTS / 4;
      for (int part = 0; part < 4; part++) {
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < quarter; i++) {
          SplittableRandom random = new SplittableRandom((long) part * quarter + i);
          all.add(threads.submit(() -> request(model, pictures, expected, random)));
        }
        for (Future<?> one : all) {
          one.get();
        }
        assertEquals(0, model.requests());
        assertEquals(0, model.usedCachePages());
        assertTrue(model.retainedCachePages() <= 32, () -> model.retainedCachePages() + "");
        System.gc();
        if (part == 0) {
          resident = ResidentMemory.kibibytes();
        }
      }
      long grown = ResidentMemory.kibibytes() - resident;
      assertTrue(grown < 98_304, () -> "resident memory grew by " + grown + " KiB");
      long sum = outcomes.values().stream().mapToLong(LongAdder::sum).sum();
      assertEquals(4L * quarter, sum, () -> "requests that ended: " + outcomes);
      for (String kind : List.of("STOP", "LENGTH", "CANCELLED", "picture", "overflow")) {
        assertTrue(outcomes.containsKey(kind), () -> "none ended by " + kind + ": " + outcomes);
      }
    }
  }

  private static List<Part> pictures(DemoModel demo) throws IOException {
    List<Part> pictures = new ArrayList<>();
    for (String name : List.of("nodule.png", "normal.png", "effusion.png")) {
      pictures.add(new Part.Image(Files.readAllBytes(demo.example(name)), name));
    }
    return pictures;
  }

  private void request(
      ChatModel model,
      List<Part> pictures,
      List<List<List<Integer>>> expected,
      SplittableRandom random) {
    int picture = random.nextInt(pictures.size());
    int question = random.nextInt(QUESTIONS.size());
    Cancellation cancellation = new Cancellation();
    ChatRequest.Builder request =
        ChatRequest.builder()
            .cancellation(cancellation)
            .scheduling(Scheduling.defaults().withPriority(random.nextInt(3)));
    int kind = random.nextInt(10);
    if (kind == 0) {
      byte[] noPicture = "no picture".getBytes(StandardCharsets.UTF_8);
      request.user(new Part.Image(noPicture, "broken"), Part.text("?"));
    } else {
      request.user(pictures.get(picture), Part.text(QUESTIONS.get(question)));
    }
    switch (kind) {
      case 1 -> request.maxTokens(100_000);
      case 2 -> request.maxTokens(1 + random.nextInt(6));
      case 3 ->
          request.scheduling(
              Scheduling.defaults().withTimeLimit(Duration.ofMillis(1 + random.nextInt(30))));
      default -> {}
    }
    int cancelAfter = kind == 4 ? random.nextInt(5) : -1;
    if (cancelAfter == 0) {
      cancellation.cancel();
    }
    int[] tokens = {0};
    try {
      Generation generation =
          model.generate(
              request.build(),
              event -> {
                if (event instanceof GenerationEvent.Token && ++tokens[0] == cancelAfter) {
                  cancellation.cancel();
                }
              });
      check(generation, expected.get(picture).get(question), kind);
      count(generation.finishReason().name());
    } catch (ImageFormatException _) {
      assertEquals(0, kind);
      count("picture");
    } catch (ContextOverflowException _) {
      assertEquals(1, kind);
      count("overflow");
    } catch (QueueFullException _) {
      count("refused");
    }
  }

  /** The whole answer, or its beginning where something ended it. */
  private static void check(Generation generation, List<Integer> expected, int kind) {
    List<Integer> found = generation.tokenIds();
    if (generation.finishReason() == FinishReason.STOP) {
      assertEquals(expected, found);
    } else {
      assertTrue(kind >= 2 && kind <= 4, () -> kind + " ended by " + generation.finishReason());
      assertEquals(expected.subList(0, found.size()), found);
    }
  }

  private void count(String outcome) {
    outcomes.computeIfAbsent(outcome, _ -> new LongAdder()).increment();
  }
}
