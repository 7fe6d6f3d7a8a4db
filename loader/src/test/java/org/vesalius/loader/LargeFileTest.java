package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file beyond 4 GiB, made of a hole in the file system, with bytes where 32 bits would fail. */
class LargeFileTest {
  private static final long FIRST = 5L << 30;
  private static final long SECOND = 12;

  @TempDir Path directory = Path.of("");

  @Test
  void tensorsBeyondFourGibibytes() throws IOException {
    String json =
        "{"
            + SafetensorsBytes.tensor("large", "U8", "[" + FIRST + "]", 0, FIRST)
            + ","
            + SafetensorsBytes.tensor("last", "F32", "[3]", FIRST, FIRST + SECOND)
            + "}";
    byte[] start = SafetensorsBytes.file(json.getBytes(StandardCharsets.UTF_8), new byte[0]);
    Path file = directory.resolve("model.safetensors");
    writeSparse(file, start);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertEquals(FIRST + SECOND, checkpoint.byteSize());
      StoredTensor large = checkpoint.tensor("large");
      assertEquals(FIRST, large.elements());
      assertEquals(FIRST, large.byteSize());
      assertEquals(1, large.data().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(2, large.data().get(ValueLayout.JAVA_BYTE, 1L << 32));
      assertEquals(3, large.data().get(ValueLayout.JAVA_BYTE, FIRST - 1));
      StoredTensor last = checkpoint.tensor("last");
      assertEquals(4, last.data().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(5, last.data().get(ValueLayout.JAVA_BYTE, SECOND - 1));
    }
  }

  private static void writeSparse(Path file, byte[] start) throws IOException {
    long size = start.length + FIRST + SECOND;
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      long free = Files.getFileStore(file).getUsableSpace();
      assumeTrue(free > 64L << 20, "no room for a sparse file: " + free + " bytes free");
      put(channel, ByteBuffer.wrap(start), 0);
      put(channel, ByteBuffer.wrap(new byte[] {1}), start.length);
      put(channel, ByteBuffer.wrap(new byte[] {2}), start.length + (1L << 32));
      put(channel, ByteBuffer.wrap(new byte[] {3, 4}), start.length + FIRST - 1);
      put(channel, ByteBuffer.wrap(new byte[] {5}), size - 1);
    } catch (IOException e) {
      assumeTrue(false, "this file system cannot hold a sparse file of 5 GiB: " + e);
    }
  }

  private static void put(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes, position + bytes.position());
    }
  }
}
