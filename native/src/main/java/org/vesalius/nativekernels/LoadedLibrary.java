package org.vesalius.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The native library, loaded and asked once per class loader: whether it speaks the interface that
 * this code was written for and found an instruction set.
 */
@SuppressWarnings("restricted")
final class LoadedLibrary {
  /** {@code VESALIUS_ABI_VERSION} of the header that {@link NativeLibrary} was written for. */
  static final int ABI_VERSION = 2;

  /** What became of loading. */
  sealed interface Outcome {

    /**
     * The library works.
     *
     * @param isa the instruction set that it chose
     */
    record Works(SymbolLookup symbols, String isa) implements Outcome {}

    /** There is none, or it does not work here. */
    record Refused(String reason, Optional<Throwable> cause) implements Outcome {}
  }

  private static final Outcome OUTCOME = load();

  private LoadedLibrary() {}

  static Outcome outcome() {
    return OUTCOME;
  }

  /** Its symbols; only where it works. */
  static SymbolLookup symbols() {
    if (OUTCOME instanceof Outcome.Works(SymbolLookup symbols, String _)) {
      return symbols;
    }
    throw new IllegalStateException("native kernels: " + OUTCOME);
  }

  /** The instruction set; only where it works. */
  static String isa() {
    if (OUTCOME instanceof Outcome.Works(SymbolLookup _, String isa)) {
      return isa;
    }
    throw new IllegalStateException("native kernels: " + OUTCOME);
  }

  // Whatever goes wrong here means that there is no such backend, and must not end the process.
  private static Outcome load() {
    try {
      return ask(LibraryFile.load());
    } catch (LibraryFile.NotLoadedException e) {
      return new Outcome.Refused(e.reason(), Optional.ofNullable(e.getCause()));
    } catch (IllegalCallerException e) {
      return new Outcome.Refused(
          "this JVM denies native access; start it with --enable-native-access=ALL-UNNAMED",
          Optional.of(e));
    } catch (NoClassDefFoundError e) {
      return new Outcome.Refused(
          "a class is missing; put org.bytedeco:javacpp on the class path", Optional.of(e));
    } catch (Throwable e) {
      return new Outcome.Refused(
          "the native library cannot be loaded; report this with the cause", Optional.of(e));
    }
  }

  private static Outcome ask(SymbolLookup symbols) throws Throwable {
    FunctionDescriptor version = FunctionDescriptor.of(JAVA_INT);
    int found =
        (int)
            Linker.nativeLinker()
                .downcallHandle(symbols.findOrThrow("vesalius_abi_version"), version)
                .invokeExact();
    if (found != ABI_VERSION) {
      return new Outcome.Refused(
          "the native library has version "
              + found
              + " of the interface, expected "
              + ABI_VERSION
              + "; build Vesalius again, all of it",
          Optional.empty());
    }
    String refusal = text(symbols, "vesalius_open");
    if (refusal != null) {
      return new Outcome.Refused(refusal, Optional.empty());
    }
    String isa = text(symbols, "vesalius_isa");
    return new Outcome.Works(symbols, isa == null ? "unknown" : isa);
  }

  private static @Nullable String text(SymbolLookup symbols, String function) throws Throwable {
    MemorySegment text =
        (MemorySegment)
            Linker.nativeLinker()
                .downcallHandle(symbols.findOrThrow(function), FunctionDescriptor.of(ADDRESS))
                .invokeExact();
    return text.equals(MemorySegment.NULL) ? null : text.reinterpret(1024).getString(0);
  }
}
