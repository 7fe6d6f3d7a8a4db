package org.vesalius.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.kernels.KernelOptions;
import org.vesalius.runtime.observe.EngineObserver;

/**
 * How a model is opened.
 *
 * @param backend name of a backend, or {@code auto} for the best one that works here
 * @param threads how many threads compute; empty for one per processor
 * @param prefillChunk how many prompt tokens the decoder reads at a time; changes memory and speed,
 *     never the answer
 * @param contextTokens how many tokens prompt and answer may have; empty for what the model was
 *     made for
 * @param cacheTokens how many tokens of all running requests the key/value cache may hold together;
 *     empty for four contexts
 * @param cacheFormat how the cache stores keys and values
 * @param weights the format that the decoder's matrices get
 * @param capacity how many requests it serves at a time
 * @param devices which of several devices of a backend compute, from 0: one, or several that the
 *     decoder's layers are split over; of none the backend takes its first, or as many as the model
 *     needs
 * @param draft the folder of a smaller model with the same tokens, which guesses what this one
 *     writes where a request allows that, see {@link ChatRequest#speculativeTokens}
 * @param observers are told how it is opened and what it does
 */
public record OpenOptions(
    String backend,
    OptionalInt threads,
    int prefillChunk,
    OptionalInt contextTokens,
    OptionalLong cacheTokens,
    CacheFormat cacheFormat,
    WeightFormat weights,
    Capacity capacity,
    List<Integer> devices,
    Optional<Path> draft,
    List<EngineObserver> observers) {

  private static final int DEFAULT_CHUNK = 256;

  /** Checks the ranges. */
  public OpenOptions {
    observers = List.copyOf(observers);
    if (prefillChunk < 1) {
      throw new IllegalArgumentException(
          "prefill chunk: expected at least 1, found " + prefillChunk);
    }
    if (threads.isPresent() && threads.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "threads: expected at least 1, found " + threads.getAsInt());
    }
    devices = KernelOptions.requireDevices(devices);
    if (contextTokens.isPresent() && contextTokens.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "context: expected at least 1 token, found " + contextTokens.getAsInt());
    }
  }

  /** The best backend, all processors, the whole context, a cache in BF16. */
  public static OpenOptions defaults() {
    return new OpenOptions(
        "auto",
        OptionalInt.empty(),
        DEFAULT_CHUNK,
        OptionalInt.empty(),
        OptionalLong.empty(),
        CacheFormat.BF16,
        WeightFormat.AS_STORED,
        Capacity.defaults(),
        List.of(),
        Optional.empty(),
        List.of());
  }

  /** On a named backend. */
  public OpenOptions withBackend(String name) {
    return changed(copy -> copy.backend = name);
  }

  /** On so many threads. */
  public OpenOptions withThreads(int count) {
    return changed(copy -> copy.threads = OptionalInt.of(count));
  }

  /** With another chunk size. */
  public OpenOptions withPrefillChunk(int tokens) {
    return changed(copy -> copy.prefillChunk = tokens);
  }

  /** With a shorter context. */
  public OpenOptions withContextTokens(int tokens) {
    return changed(copy -> copy.contextTokens = OptionalInt.of(tokens));
  }

  /** With another bound on the cache. */
  public OpenOptions withCacheTokens(long tokens) {
    return changed(copy -> copy.cacheTokens = OptionalLong.of(tokens));
  }

  /** With keys and values stored otherwise. */
  public OpenOptions withCacheFormat(CacheFormat format) {
    return changed(copy -> copy.cacheFormat = format);
  }

  /** With the decoder's matrices in another format. */
  public OpenOptions withWeights(WeightFormat format) {
    return changed(copy -> copy.weights = format);
  }

  /** For more or fewer requests at a time. */
  public OpenOptions withCapacity(Capacity wanted) {
    return changed(copy -> copy.capacity = wanted);
  }

  /** On one device of a backend that has several. */
  public OpenOptions withDevice(int number) {
    return withDevices(List.of(number));
  }

  /** With the decoder's layers split over these devices, in this order. */
  public OpenOptions withDevices(List<Integer> numbers) {
    return changed(copy -> copy.devices = numbers);
  }

  /** With a smaller model of the same tokens that guesses. */
  public OpenOptions withDraft(Path directory) {
    return changed(copy -> copy.draft = Optional.of(directory));
  }

  /** The same without the smaller model. */
  OpenOptions withoutDraft() {
    return changed(copy -> copy.draft = Optional.empty());
  }

  /** With one observer more. */
  public OpenOptions withObserver(EngineObserver observer) {
    List<EngineObserver> more = new ArrayList<>(observers);
    more.add(observer);
    return changed(copy -> copy.observers = more);
  }

  private OpenOptions changed(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.options();
  }

  /** The same values, of which one is about to be another. */
  private static final class Copy {
    private String backend;
    private OptionalInt threads;
    private int prefillChunk;
    private OptionalInt contextTokens;
    private OptionalLong cacheTokens;
    private CacheFormat cacheFormat;
    private WeightFormat weights;
    private Capacity capacity;
    private List<Integer> devices;
    private Optional<Path> draft;
    private List<EngineObserver> observers;

    Copy(OpenOptions from) {
      backend = from.backend;
      threads = from.threads;
      prefillChunk = from.prefillChunk;
      contextTokens = from.contextTokens;
      cacheTokens = from.cacheTokens;
      cacheFormat = from.cacheFormat;
      weights = from.weights;
      capacity = from.capacity;
      devices = from.devices;
      draft = from.draft;
      observers = from.observers;
    }

    OpenOptions options() {
      return new OpenOptions(
          backend,
          threads,
          prefillChunk,
          contextTokens,
          cacheTokens,
          cacheFormat,
          weights,
          capacity,
          devices,
          draft,
          observers);
    }
  }
}
