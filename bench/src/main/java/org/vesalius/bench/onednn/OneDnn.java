package org.vesalius.bench.onednn;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * The oneDNN library on this machine's processor, with a fixed number of threads.
 *
 * <p>The build of the {@code org.bytedeco:dnnl} artifact computes with OpenMP threads. How many is
 * a setting of the calling thread, so {@link #open} is told the number and every call sets it.
 * After a call these threads wait awake for a moment (a few milliseconds by default), so whoever
 * measures something else next has to let them rest first.
 */
public final class OneDnn implements AutoCloseable {
  private static final int CPU = 1;
  private static final int IN_ORDER = 1;

  private final Symbols symbols;
  private final MemorySegment engine;
  private final MemorySegment stream;
  private final int threads;

  private OneDnn(Symbols symbols, int threads) {
    this.symbols = symbols;
    this.threads = threads;
    engine = symbols.create("dnnl_engine_create", CPU, 0L);
    stream = symbols.create("dnnl_stream_create", engine, IN_ORDER);
  }

  /**
   * Loads the library, once per process, and starts it.
   *
   * @throws IllegalStateException where the class path has no build of it for this platform
   */
  public static OneDnn open(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
    // The two lie in one cache folder afterwards, where the first finds the second by its run path.
    File library = extract("libdnnl.so.3");
    File openMp = extract("libgomp.so.1");
    return new OneDnn(new Symbols(load(library).or(load(openMp))), threads);
  }

  /** Never unloaded: threads of OpenMP would still run its code. */
  @SuppressWarnings("restricted")
  private static SymbolLookup load(File library) {
    return SymbolLookup.libraryLookup(library.toPath(), Arena.global());
  }

  private static File extract(String name) {
    String path = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/" + name;
    URL resource = OneDnn.class.getResource(path);
    if (resource == null) {
      throw new IllegalStateException(
          "oneDNN: expected "
              + path
              + " on the class path, found nothing; it comes with org.bytedeco:dnnl of this platform");
    }
    try {
      @Nullable File file = Loader.cacheResource(resource);
      if (file == null) {
        throw new IllegalStateException("oneDNN: " + path + " cannot be extracted");
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("oneDNN: " + path + " cannot be extracted", e);
    }
  }

  /** How many threads compute. */
  public int threads() {
    return threads;
  }

  /** {@code 3.11.0}. */
  public String version() {
    MemorySegment version = symbols.address("dnnl_version", 12);
    return version.getAtIndex(ValueLayout.JAVA_INT, 0)
        + "."
        + version.getAtIndex(ValueLayout.JAVA_INT, 1)
        + "."
        + version.getAtIndex(ValueLayout.JAVA_INT, 2);
  }

  Symbols symbols() {
    return symbols;
  }

  MemorySegment engine() {
    return engine;
  }

  MemorySegment stream() {
    return stream;
  }

  /** Makes the calling thread compute with the wanted number of threads. */
  void takeThreads() {
    symbols.setThreads(threads);
  }

  @Override
  public void close() {
    symbols.destroy("dnnl_stream_destroy", stream);
    symbols.destroy("dnnl_engine_destroy", engine);
  }
}
