package org.vesalius.loader;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The checked header of one safetensors file: which tensors it holds and where.
 *
 * <p>A file is eight bytes of little-endian header length, the header (JSON), and the bytes of the
 * tensors, which fill the rest of the file in the order of their offsets without gap or overlap.
 * Nothing is handed out before every rule holds: length at most 100,000,000 and within the file,
 * UTF-8, JSON, {@code __metadata__} a map of strings, known element types, {@code size = shape x
 * element size} in whole bytes and without overflow, offsets contiguous from 0 to the end of the
 * file. Each violation has its own message with file and tensor.
 *
 * <p>The verdicts are those of the format's reader (safetensors 0.8.0, {@code
 * SafeTensors::read_metadata} and {@code Metadata::validate}), including scalars, tensors without
 * elements, white space after the JSON, keys in any order, {@code __metadata__: null} and unknown
 * fields beside the three required ones. Stricter, always with an error and never with a different
 * reading:
 *
 * <ul>
 *   <li>the first byte is <code>{</code>, as the format's description demands (its reader accepts
 *       white space before);
 *   <li>no key occurs twice (the reader takes the last of two tensors with one name);
 *   <li>a tensor is a JSON object and its type a JSON string (the reader also takes the list {@code
 *       ["F32",[1],[0,4]]} and the object {@code {"F32":null}});
 *   <li>dimensions and element counts fit into a signed 64-bit integer, and a shape has at most 64
 *       dimensions;
 *   <li>JSON is nested at most 100 deep (128 there).
 * </ul>
 */
public final class SafetensorsHeader {
  /** Largest header that is read, in bytes: the limit of the format's reader. */
  public static final int MAX_HEADER_BYTES = 100_000_000;

  /** Bytes of the length before the header. */
  public static final int LENGTH_BYTES = Long.BYTES;

  private static final String RETRANSFER = "the file is damaged or incomplete: copy it again";

  /**
   * Where one tensor lies.
   *
   * @param name name of the tensor
   * @param dtype stored element type
   * @param shape dimensions, outermost first
   * @param begin first byte, counted from {@link SafetensorsHeader#dataOffset()}
   * @param end byte after the last one, counted likewise
   */
  public record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {
    public Entry {
      shape = List.copyOf(shape);
    }

    /** Bytes of the tensor. */
    public long byteSize() {
      return end - begin;
    }
  }

  private final Path file;
  private final long fileSize;
  private final long dataOffset;
  private final Map<String, String> metadata;
  private final List<Entry> entries;
  private final Map<String, Entry> byName;

  private SafetensorsHeader(
      Path file,
      long fileSize,
      long dataOffset,
      Map<String, String> metadata,
      List<Entry> entries) {
    this.file = file;
    this.fileSize = fileSize;
    this.dataOffset = dataOffset;
    this.metadata = metadata;
    this.entries = List.copyOf(entries);
    this.byName = HashMap.newHashMap(entries.size());
    entries.forEach(entry -> byName.put(entry.name(), entry));
  }

  /** The file this header was read from. */
  public Path file() {
    return file;
  }

  /** Size of the whole file in bytes. */
  public long fileSize() {
    return fileSize;
  }

  /** Position in the file of the byte that offsets count from. */
  public long dataOffset() {
    return dataOffset;
  }

  /** Bytes of all tensors. */
  public long dataByteSize() {
    return fileSize - dataOffset;
  }

  /** The {@code __metadata__} of the file, in its order; empty when there is none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors in the order of their bytes. */
  public List<Entry> entries() {
    return entries;
  }

  /** The names of all tensors. */
  public Set<String> names() {
    return Collections.unmodifiableSet(byName.keySet());
  }

  /** The tensor of this name. */
  public Optional<Entry> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /**
   * Reads and checks the header of a file without touching its data.
   *
   * @throws ModelFormatException when the file breaks a rule
   * @throws UncheckedIOException when it cannot be read
   */
  public static SafetensorsHeader read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return read(channel, file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": the header could not be read: " + e, e);
    }
  }

  static SafetensorsHeader read(FileChannel channel, Path file) throws IOException {
    long fileSize = channel.size();
    ByteBuffer prefix = ByteBuffer.allocate((int) Math.min(LENGTH_BYTES, fileSize));
    readFully(channel, prefix, 0, file);
    int length = headerLength(prefix, fileSize, file);
    ByteBuffer json = ByteBuffer.allocate(length);
    readFully(channel, json, LENGTH_BYTES, file);
    return parseJson(json, fileSize, file);
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long position, Path file)
      throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        throw new ModelFormatException(
            file + ": header: the file was truncated while it was being read; " + RETRANSFER,
            new EOFException());
      }
    }
    target.flip();
  }

  /**
   * Checks the header of a file given by its first bytes.
   *
   * @param start the file from its first byte on, from the buffer's position to its limit: at least
   *     the length and the header, or all of a file that is shorter; not modified
   * @param fileSize size of the whole file in bytes
   * @param file name for messages; nothing is read from it
   * @throws ModelFormatException when a rule is broken
   * @throws IllegalArgumentException when {@code start} ends before the header though the file does
   *     not
   */
  public static SafetensorsHeader parse(ByteBuffer start, long fileSize, Path file) {
    ByteBuffer bytes = start.slice();
    if (bytes.remaining() < Math.min(LENGTH_BYTES, fileSize) || bytes.remaining() > fileSize) {
      throw new IllegalArgumentException(
          bytes.remaining() + " bytes given of a file of " + fileSize);
    }
    int length = headerLength(bytes, fileSize, file);
    if (bytes.remaining() < LENGTH_BYTES + length) {
      throw new IllegalArgumentException(
          bytes.remaining() + " bytes given of a header of " + (LENGTH_BYTES + length));
    }
    return parseJson(bytes.slice(LENGTH_BYTES, length), fileSize, file);
  }

  private static int headerLength(ByteBuffer bytes, long fileSize, Path file) {
    if (fileSize < LENGTH_BYTES) {
      throw ModelFormatException.of(
          file, "header", "at least 8 bytes", "a file of " + fileSize + " bytes", RETRANSFER);
    }
    long length = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(bytes.position());
    if (length < 0 || length > MAX_HEADER_BYTES) {
      throw ModelFormatException.of(
          file,
          "header length",
          "at most " + MAX_HEADER_BYTES + " bytes",
          Long.toUnsignedString(length),
          "is this a safetensors file?");
    }
    if (length > fileSize - LENGTH_BYTES) {
      throw ModelFormatException.of(
          file,
          "header length",
          "at most the " + (fileSize - LENGTH_BYTES) + " bytes that follow in the file",
          Long.toString(length),
          RETRANSFER);
    }
    return (int) length;
  }

  private static SafetensorsHeader parseJson(ByteBuffer json, long fileSize, Path file) {
    long dataOffset = LENGTH_BYTES + (long) json.remaining();
    if (!json.hasRemaining()) {
      throw ModelFormatException.of(file, "header", "a JSON object", "no bytes");
    }
    if (json.get(json.position()) != '{') {
      throw ModelFormatException.of(
          file,
          "header",
          "'{' as its first byte",
          String.format("0x%02x", json.get(json.position())),
          "is this a safetensors file?");
    }
    CharBuffer text = StrictJson.decode(json, file, "header");
    HeaderJson parsed = HeaderJson.parse(text, file);
    List<Entry> ordered = new ArrayList<>(parsed.entries());
    ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    requireContiguous(ordered, fileSize - dataOffset, file);
    return new SafetensorsHeader(file, fileSize, dataOffset, parsed.metadata(), ordered);
  }

  private static void requireContiguous(List<Entry> ordered, long dataBytes, Path file) {
    long expectedBegin = 0;
    String previous = "";
    for (Entry entry : ordered) {
      if (entry.begin() != expectedBegin) {
        String before = previous.isEmpty() ? "the data begins" : Quote.of(previous) + " ends";
        String fault = entry.begin() > expectedBegin ? " (a hole)" : " (an overlap)";
        throw ModelFormatException.of(
            file,
            "tensor " + Quote.of(entry.name()),
            "data_offsets to begin at " + expectedBegin + ", where " + before,
            entry.begin() + fault);
      }
      if (entry.end() > dataBytes) {
        throw ModelFormatException.of(
            file,
            "tensor " + Quote.of(entry.name()),
            "data_offsets to end within the " + dataBytes + " bytes of data in the file",
            Long.toString(entry.end()),
            RETRANSFER);
      }
      expectedBegin = entry.end();
      previous = entry.name();
    }
    if (expectedBegin != dataBytes) {
      throw ModelFormatException.of(
          file,
          previous.isEmpty() ? "data" : "data after tensor " + Quote.of(previous),
          "the file to end at byte " + expectedBegin + " of the data",
          (dataBytes - expectedBegin) + " more bytes",
          RETRANSFER);
    }
  }
}
