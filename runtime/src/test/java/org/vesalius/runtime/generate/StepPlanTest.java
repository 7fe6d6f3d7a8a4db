package org.vesalius.runtime.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vesalius.kernels.Backends;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.kernels.Kernels;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.layers.CachedSequence;
import org.vesalius.runtime.layers.KvCache;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.models.PositionRule;

/** Who gets how much of a step. */
class StepPlanTest {
  private static final int CHUNK = 64;
  private static final RequestTokens.Cuts ANYWHERE = new RequestTokens.Cuts(false, false);

  private final Kernels kernels = Backends.open("reference", new KernelOptions(1));
  private final KvCache cache = new KvCache(kernels, CacheFormat.BF16, 1, 1, 4, 1 << 20, 0);
  private int arrivals;

  @AfterEach
  void close() {
    kernels.close();
  }

  /** Generates the same token until there are enough. */
  private static final class Counting implements Outcome {
    private final List<Integer> ids = new ArrayList<>();
    private final int most;
    private final int guesses;

    Counting(int most, int guesses) {
      this.most = most;
      this.guesses = guesses;
    }

    @Override
    public StepResult result(boolean last) {
      return StepResult.nothing();
    }

    @Override
    public @Nullable FinishReason take(int row) {
      ids.add(7);
      return ids.size() == most ? FinishReason.LENGTH : null;
    }

    @Override
    public List<Integer> ids() {
      return ids;
    }

    @Override
    public Guesses guesses() {
      return new Guesses() {
        @Override
        public int[] propose(int wanted) {
          int[] guess = new int[Math.max(0, wanted)];
          Arrays.fill(guess, 8); // never right
          return guess;
        }

        @Override
        public void add(int id) {}

        @Override
        public void checked(int proposed, int accepted) {
          assertEquals(0, accepted);
        }
      };
    }

    @Override
    public int mostGuesses() {
      return Math.min(guesses, most - ids.size() - 1);
    }

    @Override
    public long firstTokenNanos() {
      return 0;
    }
  }

  private RequestRun run(int prompt, int tokens, int priority, int guesses) {
    EncodedPrompt encoded = EncodedPrompt.ofTokens(new int[prompt], PositionRule.SEQUENTIAL);
    ChatRequest request =
        ChatRequest.builder()
            .user("")
            .scheduling(Scheduling.defaults().withPriority(priority))
            .build();
    StepSampling sampling = new StepSampling(kernels, 1, 1);
    RequestRun run =
        new RequestRun(
            request,
            new RequestTokens(encoded),
            new Counting(tokens, guesses),
            LayerObserver.NONE,
            RequestRun.messages(),
            new CachedSequence(cache),
            sampling.newRow(),
            new RequestTimes(System.nanoTime()),
            Long.MAX_VALUE,
            false);
    run.accept(arrivals++);
    return run;
  }

  private RequestRun run(int prompt) {
    return run(prompt, 4, 0, 0);
  }

  private static StepPlan plan(List<RequestRun> runs, boolean mayBeQuick) {
    return StepPlan.of(runs, CHUNK, 16, ANYWHERE, mayBeQuick);
  }

  /** Tokens of a request in a plan. */
  private static int count(StepPlan plan, RequestRun run) {
    return plan.shares().stream()
        .filter(share -> share.run() == run)
        .mapToInt(StepPlan.Share::count)
        .sum();
  }

  /** Takes the step; gives those that have ended. */
  private static List<RequestRun> take(StepPlan plan) {
    List<RequestRun> ended = new ArrayList<>();
    for (StepPlan.Share share : plan.shares()) {
      share.run().sequence().extend(share.count());
      if (share.run().advance(share.to(), share.guesses()) != null) {
        ended.add(share.run());
      }
    }
    return ended;
  }

  @Test
  void oneLongPromptHasTheWholeStep() {
    RequestRun run = run(150);
    for (int expected : new int[] {64, 64, 22}) {
      StepPlan plan = plan(List.of(run), true);
      assertFalse(plan.quick());
      assertEquals(expected, count(plan, run));
      take(plan);
    }
    assertTrue(run.decodes());
    assertEquals(1, count(plan(List.of(run), true), run));
  }

  @Test
  void aShortPromptPassesALongOneAndNotTwiceInARow() {
    RequestRun longest = run(1000);
    take(plan(List.of(longest), true));
    RequestRun brief = run(8);
    StepPlan plan = plan(List.of(longest, brief), true);
    assertTrue(plan.quick());
    assertEquals(8, count(plan, brief));
    assertEquals(0, count(plan, longest));
    take(plan);
    RequestRun next = run(8);
    plan = plan(List.of(longest, brief, next), !plan.quick());
    assertFalse(plan.quick());
    assertEquals(1, count(plan, brief), "it generates");
    assertEquals(8, count(plan, next));
    assertEquals(CHUNK - 8, count(plan, longest));
  }

  @Test
  void whatIsNotShortSharesTheStep() {
    RequestRun longest = run(1000);
    RequestRun other = run(500);
    StepPlan plan = plan(List.of(longest, other), true);
    assertFalse(plan.quick());
    assertEquals(CHUNK / 2, count(plan, longest));
    assertEquals(CHUNK / 2, count(plan, other));
  }

  @Test
  void aLessUrgentOneDoesNotPass() {
    RequestRun urgent = run(1000, 4, 1, 0);
    RequestRun brief = run(8);
    StepPlan plan = plan(List.of(urgent, brief), true);
    assertFalse(plan.quick());
    assertTrue(count(plan, urgent) >= CHUNK / 2);
    RequestRun moreUrgent = run(8, 4, 2, 0);
    plan = plan(List.of(urgent, moreUrgent, brief), true);
    assertEquals(8, count(plan, moreUrgent));
  }

  @Test
  void guessesHaveABoundTogether() {
    List<RequestRun> runs = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      runs.add(run(4, 50, 0, 5));
    }
    take(plan(runs, true));
    StepPlan plan = plan(runs, true);
    assertEquals(6 + 16, plan.shares().stream().mapToInt(StepPlan.Share::count).sum());
    assertEquals(6, plan.withoutGuesses().shares().stream().mapToInt(s -> s.count()).sum());
    take(plan);
    runs.forEach(run -> assertEquals(6, run.tokens.length()));
  }

  /** However short ones keep coming, all end, and no step reads more than a chunk. */
  @Test
  void nobodyStarves() {
    SplittableRandom random = new SplittableRandom(5);
    RequestRun longest = run(2000);
    List<RequestRun> runs = new ArrayList<>(List.of(longest));
    boolean quick = false;
    int steps = 0;
    for (; runs.contains(longest); steps++) {
      runs.add(run(1 + random.nextInt(40)));
      StepPlan plan = plan(runs, !quick);
      assertFalse(plan.shares().isEmpty());
      quick = plan.quick();
      int read =
          plan.shares().stream()
              .filter(share -> !share.run().decodes())
              .mapToInt(StepPlan.Share::count)
              .sum();
      assertTrue(read <= CHUNK, read + " tokens of prompts");
      runs.removeAll(take(plan));
    }
    // At least half a chunk in every second step, and the four tokens.
    assertTrue(steps <= 2 * (2 * 2000 / CHUNK) + 8, steps + " steps");
    while (!runs.isEmpty()) {
      runs.removeAll(take(plan(runs, true)));
    }
  }
}
