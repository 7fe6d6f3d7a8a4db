package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which tokens of which requests go into the next step. Every request that only lacks its next
 * token gets it. Of the rest, which read prompts, the first in line has half of the step for
 * itself, and the shortest share the other half, so that a short prompt does not wait for a long
 * one; what they leave is the first one's, too. But where the first one has long to go, others that
 * are done with a few tokens have a step without it now and then, at most every second: so their
 * first token comes after the step that they came in and a short one.
 *
 * @param shares in no particular order
 * @param quick whether the first in line has to sit this one out
 */
record StepPlan(List<Share> shares, boolean quick) {
  /** The part of a step that those may take together who are let pass. */
  private static final int QUICK_PART = 4;

  /** In line: higher priorities first, then who came first. */
  static final Comparator<RequestRun> IN_LINE =
      Comparator.comparingInt((RequestRun run) -> -run.priority())
          .thenComparingLong(run -> run.arrival);

  /**
   * A request's part.
   *
   * @param to up to where its tokens are fed
   * @param guesses tokens to be tried after them
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Share(RequestRun run, int to, int[] guesses) {
    int count() {
      return to - run.fed() + guesses.length;
    }
  }

  /** How many pages more the sequences need for it. */
  int pages() {
    return shares.stream().mapToInt(share -> share.run.sequence().pagesFor(share.count())).sum();
  }

  /** The same with nothing guessed. */
  StepPlan withoutGuesses() {
    return new StepPlan(
        shares.stream().map(share -> new Share(share.run, share.to, new int[0])).toList(), quick);
  }

  /**
   * The plan for some requests, all of which have tokens that were not fed.
   *
   * @param chunk how many tokens of prompts a step takes
   * @param guesses how many tokens may be guessed in all
   * @param cuts where a step may end
   * @param mayBeQuick whether the first in line may have to sit this one out
   */
  static StepPlan of(
      List<RequestRun> runs, int chunk, int guesses, RequestTokens.Cuts cuts, boolean mayBeQuick) {
    List<Share> shares = new ArrayList<>();
    int guessable = cuts.generatedSingly() ? 0 : guesses;
    for (RequestRun run : runs.stream().filter(RequestRun::decodes).toList()) {
      int[] guess = run.guess(guessable);
      guessable -= guess.length;
      shares.add(new Share(run, run.tokens.length(), guess));
    }
    List<RequestRun> line =
        new ArrayList<>(runs.stream().filter(run -> !run.decodes()).sorted(IN_LINE).toList());
    if (line.isEmpty()) {
      return new StepPlan(shares, false);
    }
    RequestRun first = line.removeFirst();
    line.sort(
        Comparator.comparingInt((RequestRun run) -> -run.priority())
            .thenComparingInt(RequestRun::remaining)
            .thenComparing(IN_LINE));
    List<Share> few = mayBeQuick ? few(first, line, chunk) : List.of();
    shares.addAll(few);
    if (few.isEmpty()) {
      read(shares, first, line, chunk, cuts);
    }
    return new StepPlan(shares, !few.isEmpty());
  }

  /** Prompts that end with a few tokens while the first in line, no more urgent, needs many. */
  private static List<Share> few(RequestRun first, List<RequestRun> line, int chunk) {
    List<Share> few = new ArrayList<>();
    int room = chunk / QUICK_PART;
    if (first.remaining() > chunk - room) {
      for (RequestRun run : line) {
        if (run.priority() >= first.priority() && run.remaining() <= room) {
          few.add(new Share(run, run.tokens.length(), new int[0]));
          room -= run.remaining();
        }
      }
    }
    return few;
  }

  private static void read(
      List<Share> shares,
      RequestRun first,
      List<RequestRun> line,
      int chunk,
      RequestTokens.Cuts cuts) {
    int room = chunk;
    int kept = Math.min(first.remaining(), line.isEmpty() ? chunk : Math.ceilDiv(chunk, 2));
    if (first.tokens.chunkEnd(first.fed(), kept, cuts) == first.fed()) {
      kept = chunk; // a picture that needs the whole step
    }
    for (RequestRun run : line) {
      int to = run.tokens.chunkEnd(run.fed(), room - kept, cuts);
      if (to > run.fed()) {
        shares.add(new Share(run, to, new int[0]));
        room -= to - run.fed();
      }
    }
    int to = first.tokens.chunkEnd(first.fed(), room, cuts);
    if (to > first.fed()) {
      shares.add(new Share(first, to, new int[0]));
    }
  }
}
