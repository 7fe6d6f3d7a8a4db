package org.vesalius.runtime.generate;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.PriorityBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.Threads;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.observe.EngineObserver;
import org.vesalius.runtime.observe.VisionWork;

/**
 * The thread that encodes the images of requests, one at a time, because each takes much memory
 * meanwhile. Steps get their turn between the layers of an image.
 */
final class ImageEncoding implements AutoCloseable {
  private final Engine engine;
  private final PriorityBlockingQueue<Job> jobs =
      new PriorityBlockingQueue<>(16, Comparator.comparing(Job::run, StepPlan.IN_LINE));
  private @Nullable Thread thread;

  /** These images of a request. */
  private record Job(RequestRun run, List<Integer> images) {}

  ImageEncoding(Engine engine) {
    this.engine = engine;
  }

  /** Encodes images and tells the scheduler. Called by its thread. */
  void submit(RequestRun run, List<Integer> images) {
    jobs.add(new Job(run, images));
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("vesalius-vision").start(this::loop);
    }
  }

  /**
   * Takes back the images of a request, unless it is their turn already.
   *
   * @return whether nothing will be done about the request any more
   */
  boolean withdraw(RequestRun run) {
    return jobs.removeIf(job -> job.run == run);
  }

  private void loop() {
    try {
      while (true) {
        Job job = jobs.take();
        encode(job.run, job.images);
        engine.scheduler().wake();
      }
    } catch (InterruptedException _) {
      // closed: the scheduler has ended, so there are no jobs
    }
  }

  private void encode(RequestRun run, List<Integer> images) {
    long begin = System.nanoTime();
    Throwable problem = null;
    boolean complete = true;
    try {
      for (int image : images) {
        ImageEmbeddings.Use embeddings = run.over() == null ? embeddings(run, image) : null;
        if (embeddings == null) {
          complete = false;
          break;
        }
        run.setImage(image, embeddings);
        run.tell(
            new GenerationEvent.VisionProgress(image + 1, run.tokens.prompt().images().size()));
      }
    } catch (RuntimeException | Error e) {
      problem = e;
      complete = false;
    }
    run.encoded(complete, problem, System.nanoTime() - begin);
  }

  private ImageEmbeddings.@Nullable Use embeddings(RequestRun run, int image) {
    EngineObserver observer = engine.options().observer();
    long begin = System.nanoTime();
    observer.visionBegins(run.observed(), image);
    ImageEmbeddings.Use known = engine.knownEmbeddings(run, image);
    ImageEmbeddings.Use use = known == null ? engine.newEmbeddings(run, image) : known;
    if (use != null) {
      int tokens = run.tokens.prompt().images().get(image).tokens();
      VisionWork work = new VisionWork(image, tokens, known != null);
      observer.visionEnds(run.observed(), work, System.nanoTime() - begin);
    }
    return use;
  }

  /** Ends the thread. Called when the scheduler has ended. Idempotent. */
  @Override
  public void close() {
    Thread running = thread;
    if (running == null) {
      return;
    }
    running.interrupt();
    Threads.join(running);
  }
}
