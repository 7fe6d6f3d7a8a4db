package org.vesalius.clinical.trace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Traces as files: JSON, an entry a line, each with the hash of itself and of the hash before. The
 * same trace gives the same bytes. The format is in {@code docs/traces.md}.
 */
public final class TraceFile {
  /** Name of the format. */
  public static final String FORMAT = "vesalius-trace";

  /** Version of the format. */
  public static final int VERSION = 1;

  /** Size of a file, in bytes, beyond which none is written or read: 90 MiB. */
  public static final int MAX_BYTES = 90 << 20;

  private static final String SCHEMA = "trace.schema.json";

  private TraceFile() {}

  /** Writes a trace without a signature. */
  public static void write(DecisionTrace trace, Path file) {
    write(trace, file, Optional.empty());
  }

  /**
   * Writes a trace, all of it or nothing: into a file of another name first, which only its owner
   * may read. A file of this name is replaced.
   *
   * @throws TraceFormatException if no file can hold the trace
   * @throws UncheckedIOException if the file cannot be written
   */
  public static void write(DecisionTrace trace, Path file, Optional<TraceSigner> signer) {
    byte[] bytes = bytes(trace, signer, file.toString());
    try {
      writeAtomically(bytes, file);
    } catch (IOException e) {
      throw new UncheckedIOException("trace " + file + " cannot be written: " + e, e);
    }
  }

  /** Writes a file under another name first, which only its owner may read. */
  static void writeAtomically(byte[] bytes, Path file) throws IOException {
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    Path temporary =
        Files.createTempFile(folder == null ? target : folder, ".vesalius-trace-", ".tmp");
    try {
      try (FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
        out.force(true);
      }
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException _) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * The bytes of a trace's file.
   *
   * @throws TraceFormatException if no file can hold the trace
   */
  public static byte[] bytes(DecisionTrace trace, Optional<TraceSigner> signer) {
    return bytes(trace, signer, "trace");
  }

  private static byte[] bytes(DecisionTrace trace, Optional<TraceSigner> signer, String origin) {
    try {
      TraceLines lines = TraceLines.of(trace);
      return lines.signed(signer.map(by -> by.sign(lines.lastHash()))).bytes();
    } catch (IllegalArgumentException e) {
      throw new TraceFormatException(origin, String.valueOf(e.getMessage()));
    }
  }

  /** The hash of a trace's last entry, in hexadecimal, which stands for the whole trace. */
  public static String lastHash(DecisionTrace trace) {
    try {
      return TraceLines.of(trace).lastHash();
    } catch (IllegalArgumentException e) {
      throw new TraceFormatException("trace", String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads a trace. Whether it is as it was written is for {@link TraceVerifier} to say.
   *
   * @throws TraceFormatException saying where the file is not what it should be
   * @throws UncheckedIOException if it cannot be read
   */
  public static DecisionTrace read(Path file) {
    return read(readBytes(file), file.toString());
  }

  /**
   * Reads a trace from memory.
   *
   * @param origin name for messages
   * @throws TraceFormatException saying where it is not what it should be
   */
  public static DecisionTrace read(byte[] bytes, String origin) {
    TraceLines lines = TraceLines.parse(bytes, origin);
    List<TraceEntry> entries = new ArrayList<>(lines.entries().size());
    for (TraceLines.Entry entry : lines.entries()) {
      entries.add(TraceLines.read(entry, origin, entries.size() + TraceLines.FIRST_LINE));
    }
    try {
      return new DecisionTrace(entries);
    } catch (IllegalArgumentException e) {
      throw new TraceFormatException(origin, String.valueOf(e.getMessage()));
    }
  }

  static byte[] readBytes(Path file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new UncheckedIOException("trace " + file + " cannot be read: " + e, e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new TraceFormatException(
          file.toString(), "expected at most %d bytes, found more".formatted(MAX_BYTES));
    }
    return bytes;
  }

  /** The JSON Schema of files, draft 2020-12. */
  public static String schema() {
    try (InputStream in = TraceFile.class.getResourceAsStream(SCHEMA)) {
      if (in == null) {
        throw new IllegalStateException("the library's jar has no " + SCHEMA);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("the library's jar cannot be read", e);
    }
  }
}
