package org.vesalius.loader;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes one safetensors file, tensor by tensor: shapes are told first, because the header comes
 * first, then the bytes in the same order.
 *
 * <p>The header is padded with spaces so that the bytes of the first tensor start at a multiple of
 * eight, as the format's own writer does. A file that was not finished is not a safetensors file;
 * the caller writes under a name of its own and renames.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final int ALIGNMENT = 8;

  /** Most bytes that are handed to the file at a time. */
  private static final long CHUNK = 1 << 26;

  /**
   * A tensor that will be written.
   *
   * @param name its name
   * @param dtype element type
   * @param shape dimensions, outermost first
   */
  public record Announced(String name, DType dtype, List<Long> shape) {
    /** Copies the shape. */
    public Announced {
      shape = List.copyOf(shape);
    }

    /** Bytes of the tensor. */
    public long byteSize() {
      long elements = shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
      long bits = Math.multiplyExact(elements, dtype.bitSize());
      if (bits % Byte.SIZE != 0) {
        throw new IllegalArgumentException("tensor " + Quote.of(name) + ": not of whole bytes");
      }
      return bits / Byte.SIZE;
    }
  }

  private final Path file;
  private final List<Announced> tensors;
  private final FileChannel channel;
  private int next;

  /**
   * Creates the file and writes its header.
   *
   * @param file must not exist
   * @param tensors all tensors of the file, in the order of their bytes
   * @throws UncheckedIOException when the file exists or cannot be written
   */
  public SafetensorsWriter(Path file, List<Announced> tensors) {
    this.file = file;
    this.tensors = List.copyOf(tensors);
    byte[] header = header(this.tensors);
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      ByteBuffer start =
          ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
      write(start.putLong(header.length).put(header).flip());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static byte[] header(List<Announced> tensors) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("__metadata__").put("format", "pt");
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (Announced tensor : tensors) {
      if (!names.add(tensor.name())) {
        throw new IllegalArgumentException("tensor " + Quote.of(tensor.name()) + " comes twice");
      }
      ObjectNode entry = json.putObject(tensor.name());
      entry.put("dtype", tensor.dtype().name());
      ArrayNode shape = entry.putArray("shape");
      tensor.shape().forEach(shape::add);
      long end = Math.addExact(offset, tensor.byteSize());
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    try {
      String text = new ObjectMapper().writeValueAsString(json);
      int length = text.getBytes(StandardCharsets.UTF_8).length;
      String padding = " ".repeat(Math.floorMod(-length, ALIGNMENT));
      return (text + padding).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and numbers are JSON", e);
    }
  }

  /**
   * Writes the next tensor.
   *
   * @param parts its bytes, row-major, little-endian, in pieces that follow each other
   * @throws IllegalArgumentException when it is not the announced one
   */
  public void write(String name, MemorySegment... parts) {
    if (next == tensors.size() || !tensors.get(next).name().equals(name)) {
      throw new IllegalArgumentException(
          file + ": tensor " + Quote.of(name) + " does not come in the announced order");
    }
    long expected = tensors.get(next).byteSize();
    long bytes = 0;
    for (MemorySegment part : parts) {
      bytes += part.byteSize();
    }
    if (bytes != expected) {
      throw new IllegalArgumentException(
          file
              + ": tensor "
              + Quote.of(name)
              + ": expected "
              + expected
              + " bytes, found "
              + bytes);
    }
    next++;
    try {
      for (MemorySegment part : parts) {
        for (long at = 0; at < part.byteSize(); at += CHUNK) {
          write(part.asSlice(at, Math.min(CHUNK, part.byteSize() - at)).asByteBuffer());
        }
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Brings the file to the disk.
   *
   * @throws IllegalStateException when tensors are missing
   */
  public void finish() {
    if (next < tensors.size()) {
      throw new IllegalStateException(
          file + ": tensor " + Quote.of(tensors.get(next).name()) + " was not written");
    }
    try {
      channel.force(true);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(file + ": could not be written: " + e, e);
  }

  /** Closes the file, finished or not. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
