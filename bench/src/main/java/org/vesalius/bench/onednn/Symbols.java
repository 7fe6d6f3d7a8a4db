package org.vesalius.bench.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The C functions of oneDNN by name (header {@code oneapi/dnnl/dnnl.h} of version 3). All but the
 * execution of a primitive are called while something is set up, where a slow call does no harm:
 * their signature is taken from the arguments, {@link Integer} for int and the enumerations, {@link
 * Long} for int64_t and size_t, {@link MemorySegment} for pointers.
 */
final class Symbols {
  private static final String[] STATUS = {
    "success",
    "out of memory",
    "invalid arguments",
    "unimplemented",
    "last implementation reached",
    "runtime error",
    "not required",
    "invalid graph",
    "invalid graph operation",
    "invalid shape",
    "invalid data type"
  };

  private final Linker linker = Linker.nativeLinker();
  private final SymbolLookup lookup;
  private final MethodHandle execute;
  private final MethodHandle await;
  private final MethodHandle setThreads;

  Symbols(SymbolLookup lookup) {
    this.lookup = lookup;
    execute =
        handle(
            "dnnl_primitive_execute",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS));
    await = handle("dnnl_stream_wait", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    setThreads = handle("omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
  }

  /** The library says no to a wish; which one is in the message. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String function, int status) {
      super("oneDNN: " + function + " says: " + (status < STATUS.length ? STATUS[status] : status));
    }
  }

  @SuppressWarnings("restricted")
  private MethodHandle handle(String name, FunctionDescriptor descriptor) {
    MemorySegment function =
        lookup
            .find(name)
            .orElseThrow(() -> new IllegalStateException("oneDNN: no function " + name));
    return linker.downcallHandle(function, descriptor);
  }

  private @Nullable Object invoke(String name, @Nullable MemoryLayout result, List<Object> args) {
    MemoryLayout[] layouts =
        args.stream()
            .map(arg ->
                switch (arg) {
                  case Integer _ -> JAVA_INT;
                  case Long _ -> JAVA_LONG;
                  default -> ADDRESS;
                })
            .toArray(MemoryLayout[]::new);
    FunctionDescriptor descriptor =
        result == null
            ? FunctionDescriptor.ofVoid(layouts)
            : FunctionDescriptor.of(result, layouts);
    try {
      return handle(name, descriptor).invokeWithArguments(args);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Calls a function that returns a status.
   *
   * @throws Refused if that is not success
   */
  void call(String name, Object... args) {
    if (invoke(name, JAVA_INT, List.of(args)) instanceof Integer status && status != 0) {
      throw new Refused(name, status);
    }
  }

  /** Calls a function that returns a status and writes what it makes to its first argument. */
  MemorySegment create(String name, Object... args) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      List<Object> all = new ArrayList<>(List.of(out));
      all.addAll(List.of(args));
      call(name, all.toArray());
      return out.get(ADDRESS, 0);
    }
  }

  /** Calls a function that returns a pointer to memory that holds so many bytes. */
  @SuppressWarnings("restricted")
  MemorySegment address(String name, long bytes, Object... args) {
    if (invoke(name, ADDRESS, List.of(args)) instanceof MemorySegment result) {
      return result.reinterpret(bytes);
    }
    throw new IllegalStateException("oneDNN: " + name + " returned nothing");
  }

  /** The text that a pointer points to. */
  @SuppressWarnings("restricted")
  static String text(MemorySegment pointer) {
    return pointer.get(ADDRESS, 0).reinterpret(Integer.MAX_VALUE).getString(0);
  }

  /** Calls a function that returns a size. */
  long size(String name, Object... args) {
    if (invoke(name, JAVA_LONG, List.of(args)) instanceof Long result) {
      return result;
    }
    throw new IllegalStateException("oneDNN: " + name + " returned nothing");
  }

  /** Calls a destructor. */
  void destroy(String name, MemorySegment object) {
    call(name, object);
  }

  void setThreads(int threads) {
    try {
      setThreads.invokeExact(threads);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Computes and waits. */
  void execute(MemorySegment primitive, MemorySegment stream, int count, MemorySegment args) {
    int status;
    try {
      status = (int) execute.invokeExact(primitive, stream, count, args);
      if (status == 0) {
        status = (int) await.invokeExact(stream);
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (status != 0) {
      throw new Refused("dnnl_primitive_execute", status);
    }
  }
}
