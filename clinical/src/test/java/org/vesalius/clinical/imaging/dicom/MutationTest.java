package org.vesalius.clinical.imaging.dicom;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Broken files answer with one clear error, or with a frame; nothing else, and in bounded memory.
 */
final class MutationTest {
  private static final long SEED = 20_261_122;
  private static final int MUTATIONS = Boolean.getBoolean("vesalius.full") ? 1_000_000 : 50_000;

  /** Far more than any of the files needs. */
  private static final long MEMORY = 64L << 20;

  @Test
  void answersOrFailsClearly() {
    List<TinyFile> files = TinyFile.all();
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    SplittableRandom seeds = new SplittableRandom(SEED);
    int failed = 0;
    int decoded = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      long seed = seeds.nextLong();
      TinyFile file = files.get(i % files.size());
      byte[] bytes = mutate(file.bytes(), new SplittableRandom(seed));
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        if (i % 8 == 0) {
          exercise(bytes);
        } else {
          decode(bytes);
        }
        decoded++;
      } catch (DicomFormatException | UnsupportedTransferSyntaxException e) {
        assertClear(e, file.name() + ", seed " + seed);
        failed++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(file.name() + ", seed " + seed, e);
      }
      long used = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(used < MEMORY, () -> file.name() + ", seed " + seed + ": " + used + " bytes");
    }
    assertTrue(failed > MUTATIONS / 10, "failed: " + failed);
    assertTrue(decoded > MUTATIONS / 10, "decoded: " + decoded);
  }

  static void exercise(byte[] bytes) {
    DicomFile file = DicomFile.read(bytes, "test.dcm");
    String text = file.toString();
    assertFalse(text.contains("Nobody"), text);
    Deidentification.burnedIn(file.dataSet());
    Deidentification.copy(file.dataSet(), new byte[16]);
    file.palette();
    decode(file);
  }

  static void decode(byte[] bytes) {
    decode(DicomFile.read(bytes, "test.dcm"));
  }

  private static void decode(DicomFile file) {
    file.frame(0);
    if (file.frames() > 1) {
      file.frame(file.frames() - 1);
    }
  }

  static void assertClear(RuntimeException e, String where) {
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("test.dcm: "), where + ": " + message);
    assertTrue(message.length() < 400, where + ": " + message);
    assertTrue(message.chars().allMatch(c -> c >= 0x20 && c < 0x7f), where + ": " + message);
    assertFalse(message.contains("Nobody"), where + ": " + message);
  }

  private static byte[] mutate(byte[] file, SplittableRandom random) {
    byte[] bytes = file.clone();
    // Most of a small file is preamble, which nobody reads.
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(128, bytes.length);
      switch (random.nextInt(8)) {
        case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) random.nextInt();
        case 3 -> bytes[at] = (byte) (random.nextBoolean() ? 0xff : 0);
        case 4 -> {
          int value = random.nextBoolean() ? -1 - random.nextInt(4) : random.nextInt();
          for (int b = 0; b < 4 && at + b < bytes.length; b++) {
            bytes[at + b] = (byte) (value >> (8 * b));
          }
        }
        case 5 -> {
          int from = random.nextInt(128, bytes.length);
          int length = Math.min(random.nextInt(24), bytes.length - Math.max(at, from));
          System.arraycopy(file, Math.min(from, file.length - length), bytes, at, length);
        }
        case 6 -> {
          int length = 1 + random.nextInt(8);
          byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
          System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
          bytes = longer;
        }
        default -> {
          if (random.nextInt(3) == 0) {
            bytes = Arrays.copyOf(bytes, Math.max(at, 160));
          } else {
            int length = Math.min(1 + random.nextInt(8), bytes.length - at);
            System.arraycopy(bytes, at + length, bytes, at, bytes.length - at - length);
          }
        }
      }
    }
    return bytes;
  }
}
