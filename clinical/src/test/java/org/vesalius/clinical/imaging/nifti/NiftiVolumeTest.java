package org.vesalius.clinical.imaging.nifti;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.imaging.GreyFrame;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.PlacedPicture;
import org.vesalius.clinical.imaging.geometry.Point;
import org.vesalius.clinical.imaging.geometry.Vector;
import org.vesalius.clinical.imaging.grey.WindowChoice;

class NiftiVolumeTest {
  private static final int HEADER = 352;

  @TempDir private Path folder = Path.of("");

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] volume() {
    short[] voxels = new short[4 * 3 * 2];
    for (int i = 0; i < voxels.length; i++) {
      voxels[i] = (short) (10 * i);
    }
    return Volumes.shorts(4, 3, 2, voxels);
  }

  private String refusal(Consumer<ByteBuffer> change) throws IOException {
    byte[] bytes = volume();
    change.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    Path file = file("changed.nii", bytes);
    NiftiFormatException e =
        assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(file).frame(0));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith(file + ": NIfTI: "), message);
    return message;
  }

  @Test
  void axialSlicesHaveTheFrontAtTheTopAndTheRightAtTheLeft() throws IOException {
    NiftiVolume volume = NiftiVolume.open(file("a.nii", volume()));
    assertEquals(2, volume.frames());
    PlacedPicture picture = volume.frame(1).picture(WindowChoice.parse("full"));
    char[] grey = picture.image().copyGray16();
    // Indices grow towards the right and the front, so that the brightest voxel, the last, is at
    // the top left after turning.
    assertEquals(65535, grey[0]);
    assertEquals(0, grey[grey.length - 1]);
    Vector there = picture.toPatient(new Point(0.5, 0.5)).orElseThrow();
    assertEquals(new Vector(3, 2, 2), there);
    assertEquals(4, picture.image().width());
  }

  @Test
  void aMaskIsBlackInAllSlicesAndNotInTheWindow() throws IOException {
    PixelMask mask = PixelMask.of(new PixelMask.Rectangle(1, 0, 3, 2));
    byte[] other = volume();
    ByteBuffer voxels = ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN);
    for (int slice = 0; slice < 2; slice++) {
      for (int pixel : new int[] {1, 2, 5, 6}) {
        voxels.putShort(HEADER + 2 * (12 * slice + pixel), (short) (30_000 - pixel));
      }
    }
    NiftiVolume one = NiftiVolume.open(file("a.nii", volume())).masked(mask);
    NiftiVolume same = NiftiVolume.open(file("b.nii", other)).masked(mask);
    for (int slice = 0; slice < 2; slice++) {
      PlacedPicture picture = one.frame(slice).picture(WindowChoice.usual());
      assertArrayEquals(
          picture.image().copyGray16(),
          same.frame(slice).picture(WindowChoice.usual()).image().copyGray16());
      Point black = picture.transform().toModel(new Point(2.5, 1.5));
      assertEquals(0, picture.image().copyGray16()[4 * (int) black.y() + (int) black.x()]);
      Point shown = picture.transform().toModel(new Point(3.5, 1.5));
      assertTrue(picture.image().copyGray16()[4 * (int) shown.y() + (int) shown.x()] > 0);
    }
    assertThrows(
        MedicalImageException.class,
        () -> one.masked(PixelMask.of(new PixelMask.Rectangle(0, 0, 4, 4))));
    assertThrows(
        MedicalImageException.class, () -> one.masked(PixelMask.parse(List.of("regions"))));
  }

  @Test
  void allSlicesHaveOneWindow() throws IOException {
    NiftiVolume volume = NiftiVolume.open(file("a.nii", volume()));
    String first = volume.frame(0).chosen(WindowChoice.usual()).orElseThrow().description();
    assertEquals(first, volume.frame(1).chosen(WindowChoice.usual()).orElseThrow().description());
  }

  @Test
  void damagedHeadersAreRefusedByField() throws IOException {
    Map<String, Consumer<ByteBuffer>> changes =
        Map.ofEntries(
            Map.entry("sizeof_hdr", b -> b.putInt(0, 350)),
            Map.entry("dim[0]", b -> b.putShort(40, (short) 8)),
            Map.entry("dim[1]", b -> b.putShort(42, (short) 0)),
            Map.entry("dim[3]", b -> b.putShort(46, (short) -5)),
            Map.entry("datatype 32 (complex64)", b -> b.putShort(70, (short) 32)),
            Map.entry("datatype 7 (unknown)", b -> b.putShort(70, (short) 7)),
            Map.entry("bitpix", b -> b.putShort(72, (short) 8)),
            Map.entry("vox_offset", b -> b.putFloat(108, 351)),
            Map.entry("scl_inter", b -> b.putFloat(116, Float.NaN)),
            Map.entry("sform", b -> b.putFloat(280, 0)),
            Map.entry("truncated", b -> b.putShort(46, (short) 3)),
            Map.entry("byte 344", b -> b.put(344, (byte) 'x')));
    for (Map.Entry<String, Consumer<ByteBuffer>> change : changes.entrySet()) {
      String message = refusal(change.getValue());
      assertTrue(message.contains(change.getKey()), change.getKey() + ": " + message);
    }
  }

  @Test
  void hugeSizesAreRefusedBeforeMemoryIsTaken() throws IOException {
    String message =
        refusal(b -> {
          b.putShort(40, (short) 7);
          for (int i = 1; i < 8; i++) {
            b.putShort(40 + 2 * i, Short.MAX_VALUE);
          }
        });
    assertTrue(message.contains("dim: expected at most"), message);
    byte[] bytes = volume();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putShort(46, (short) 30000);
    Path bomb = file("bomb.nii.gz", Volumes.gzip(bytes));
    String problem =
        String.valueOf(
            assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(bomb)).getMessage());
    assertTrue(problem.contains("cannot hold") || problem.contains("truncated"), problem);
  }

  @Test
  void whatIsLargerThanWantedIsRefusedByItsHeader() throws IOException {
    byte[] zeros = Volumes.shorts(200, 200, 100, new short[200 * 200 * 100]);
    Path file = file("zeros.nii.gz", Volumes.gzip(zeros));
    assertTrue(Files.size(file) < zeros.length / 500);
    assertEquals(100, NiftiVolume.open(file).frames());
    String message =
        String.valueOf(
            assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(file, 1 << 20))
                .getMessage());
    assertTrue(message.contains("at most 1048576"), message);
  }

  @Test
  void whatFollowsTheVoxelsIsNotUnpacked() throws IOException {
    byte[] longer = Arrays.copyOf(volume(), volume().length + 50_000_000);
    NiftiVolume volume = NiftiVolume.open(file("longer.nii.gz", Volumes.gzip(longer)), 1000);
    assertEquals(2, volume.frames());
  }

  /** Objects around pictures of two bytes would take many times these. */
  @Test
  void manySmallPicturesTakeLittleMemory() throws IOException {
    int slices = 30_000;
    int volumes = 40;
    short[] voxels = new short[slices * volumes];
    for (int i = 0; i < voxels.length; i++) {
      voxels[i] = (short) (31 * i);
    }
    byte[] bytes = Volumes.shorts(1, 1, slices, voxels);
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(40, (short) 4)
        .putShort(48, (short) volumes);
    Path file = file("many.nii.gz", Volumes.gzip(bytes));
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    NiftiVolume volume = NiftiVolume.open(file);
    long used = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(used < 5L * bytes.length, () -> used + " bytes for a file of " + bytes.length);
    assertEquals(voxels.length, volume.frames());
    int perArray = NiftiData.ARRAY_BYTES / 2;
    for (int i : new int[] {0, 1, perArray - 1, perArray, 2 * perArray + 7, voxels.length - 1}) {
      GreyFrame frame = assertInstanceOf(GreyFrame.class, volume.frame(i));
      assertEquals(voxels[i], frame.values().value(0), "picture " + i);
    }
  }

  @Test
  void everyLengthAndDamagedStreamsAreRefused() throws IOException {
    byte[] whole = volume();
    byte[] packed = Volumes.gzip(whole);
    for (int length = 0; length < whole.length; length++) {
      Path cut = file("cut.nii", Arrays.copyOf(whole, length));
      assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(cut), "length " + length);
    }
    for (int length = 0; length < packed.length; length++) {
      Path cut = file("cut.nii.gz", Arrays.copyOf(packed, length));
      assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(cut), "length " + length);
    }
    assertFalse(NiftiVolume.matches(file("empty.nii", new byte[0])));
  }

  @Test
  void anyByteMayBeAnything() throws IOException {
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 1000; i++) {
      byte[] bytes = volume();
      int changes = random.nextInt(1, 4);
      for (int c = 0; c < changes; c++) {
        bytes[random.nextInt(HEADER)] = (byte) random.nextInt(256);
      }
      Path file = file("mutated.nii", bytes);
      try {
        NiftiVolume volume = NiftiVolume.open(file);
        assertTrue(volume.frame(volume.frames() - 1).picture(WindowChoice.usual()) != null);
      } catch (MedicalImageException _) {
        // The one way in which it may fail.
      }
    }
  }

  @Test
  void aHeaderWithoutItsVoxelsIsRefused() throws IOException {
    byte[] bytes = volume();
    bytes[345] = 'i';
    Path file = file("alone.hdr", Arrays.copyOf(bytes, 348));
    String message =
        String.valueOf(
            assertThrows(NiftiFormatException.class, () -> NiftiVolume.open(file)).getMessage());
    assertTrue(message.contains(".img"), message);
  }

  @Test
  void freeTextIsInNoFact() throws IOException {
    byte[] bytes = volume();
    byte[] name = "DOE^JOHN".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    System.arraycopy(name, 0, bytes, 148, name.length);
    System.arraycopy(name, 0, bytes, 228, name.length);
    NiftiVolume volume = NiftiVolume.open(file("a.nii", bytes));
    String all = volume.facts() + volume.toString() + volume.notes() + volume.kind();
    assertFalse(all.contains("DOE"), all);
    assertInstanceOf(Integer.class, volume.facts().get("columns"));
    assertArrayEquals(new double[] {1, 1}, spacing(volume));
  }

  private static double[] spacing(NiftiVolume volume) {
    var spacing = volume.frame(0).place().spacing().orElseThrow();
    return new double[] {spacing.horizontal(), spacing.vertical()};
  }
}
