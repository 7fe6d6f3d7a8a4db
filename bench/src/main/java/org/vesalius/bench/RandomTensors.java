package org.vesalius.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Random BF16 tensors as a file of safetensors: numbers of either sign from 1/128 to below 1/32, so
 * that a device computes with as many changing bits as for trained weights.
 */
public final class RandomTensors {
  private static final int CHUNK = 4 << 20;
  private static final long SEED = 6;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Stored(String name, long[] shape) {
    long bytes() {
      return Short.BYTES * LongStream.of(shape).reduce(1, Math::multiplyExact);
    }
  }

  private final List<Stored> tensors = new ArrayList<>();

  /** Adds a tensor. */
  public void add(String name, long... shape) {
    tensors.add(new Stored(name, shape.clone()));
  }

  /** Adds {@code NAME.weight (rows, columns)} and, if wanted, {@code NAME.bias (rows)}. */
  public void addLinear(String name, long rows, long columns, boolean bias) {
    add(name + ".weight", rows, columns);
    if (bias) {
      add(name + ".bias", rows);
    }
  }

  /**
   * Writes the file, which must not exist; several threads fill it.
   *
   * @return bytes of the tensors
   */
  public long write(Path file) throws IOException {
    byte[] header = header();
    long bytes = tensors.stream().mapToLong(Stored::bytes).sum();
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer first = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
      writeAll(out, first.putLong(header.length).put(header).flip(), 0);
      long start = 8L + header.length;
      LongStream.range(0, Math.ceilDiv(bytes, CHUNK))
          .parallel()
          .forEach(i -> {
            try {
              long at = i * CHUNK;
              writeAll(out, random(i, (int) Math.min(CHUNK, bytes - at)), start + at);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return bytes;
  }

  private byte[] header() {
    StringBuilder header = new StringBuilder("{");
    long offset = 0;
    for (Stored tensor : tensors) {
      String shape =
          Arrays.stream(tensor.shape).mapToObj(Long::toString).collect(Collectors.joining(","));
      long end = offset + tensor.bytes();
      header
          .append(offset == 0 ? "" : ",")
          .append("\"%s\":{\"dtype\":\"BF16\",".formatted(tensor.name))
          .append("\"shape\":[%s],\"data_offsets\":[%d,%d]}".formatted(shape, offset, end));
      offset = end;
    }
    header.append('}');
    while (header.length() % 8 != 0) {
      header.append(' ');
    }
    return header.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer random(long chunk, int bytes) {
    SplittableRandom random = new SplittableRandom(SEED + chunk);
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.ceilDiv(bytes, Long.BYTES) * Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      // Four numbers: sign, mantissa and the lowest bit of the exponent are random.
      buffer.putLong((random.nextLong() & 0x80FF_80FF_80FF_80FFL) | 0x3C00_3C00_3C00_3C00L);
    }
    return buffer.flip().limit(bytes);
  }

  private static void writeAll(FileChannel out, ByteBuffer buffer, long at) throws IOException {
    long position = at;
    while (buffer.hasRemaining()) {
      int written = out.write(buffer, position);
      if (written < 0) {
        throw new IOException("nothing was written");
      }
      position += written;
    }
  }
}
