package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path folder;

  private static SafetensorsWriter.Announced announce(String name, DType type, Long... shape) {
    return new SafetensorsWriter.Announced(name, type, List.of(shape));
  }

  private static MemorySegment bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(bytes);
  }

  @Test
  void whatIsWrittenIsRead() {
    Path file = folder.resolve("model.safetensors");
    try (SafetensorsWriter writer =
        new SafetensorsWriter(
            file,
            List.of(
                announce("é\"quoted\".weight", DType.I8, 2L, 3L),
                announce("empty", DType.F32, 0L, 4L),
                announce("scalar", DType.F16)))) {
      writer.write("é\"quoted\".weight", bytes(1, 2, 3, 4), bytes(5, -6));
      writer.write("empty");
      writer.write("scalar", bytes(0, 60));
      writer.finish();
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(3, checkpoint.header().size());
      StoredTensor first = checkpoint.tensor("é\"quoted\".weight");
      assertEquals(DType.I8, first.dtype());
      assertEquals(List.of(2L, 3L), first.shape());
      assertArrayEquals(
          new byte[] {1, 2, 3, 4, 5, -6}, first.data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(List.of(0L, 4L), checkpoint.tensor("empty").shape());
      assertEquals(0, checkpoint.header().headers().getFirst().dataOffset() % 8);
    }
  }

  @Test
  void anotherOrderOrSizeIsRefused() {
    List<SafetensorsWriter.Announced> two =
        List.of(announce("a", DType.U8, 2L), announce("b", DType.U8, 1L));
    try (SafetensorsWriter writer = new SafetensorsWriter(folder.resolve("x"), two)) {
      assertThrows(IllegalArgumentException.class, () -> writer.write("b", bytes(1)));
      assertThrows(IllegalArgumentException.class, () -> writer.write("a", bytes(1)));
      writer.write("a", bytes(1, 2));
      assertThrows(IllegalStateException.class, writer::finish);
      writer.write("b", bytes(3));
      assertThrows(IllegalArgumentException.class, () -> writer.write("c", bytes(1)));
      writer.finish();
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new SafetensorsWriter(
                folder.resolve("y"),
                List.of(announce("a", DType.U8, 1L), announce("a", DType.U8, 1L))));
    assertThrows(UncheckedIOException.class, () -> new SafetensorsWriter(folder.resolve("x"), two));
    assertEquals(false, Files.exists(folder.resolve("y")));
  }
}
