package org.vesalius.clinical.imaging.nifti;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPOutputStream;

/** Volumes for tests, written by hand. */
public final class Volumes {
  private Volumes() {}

  /** A NIfTI-1 file of 16-bit values, little endian, with voxels of 1, 1 and 2 mm towards RAS. */
  public static byte[] shorts(int columns, int rows, int slices, short[] voxels) {
    ByteBuffer file = ByteBuffer.allocate(352 + 2 * voxels.length).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0, 348);
    short[] dim = {3, (short) columns, (short) rows, (short) slices, 1, 1, 1, 1};
    for (int i = 0; i < 8; i++) {
      file.putShort(40 + 2 * i, dim[i]);
    }
    file.putShort(70, (short) 4).putShort(72, (short) 16);
    for (int i = 0; i < 4; i++) {
      file.putFloat(76 + 4 * i, i == 3 ? 2 : 1);
    }
    file.putFloat(108, 352).putFloat(112, 1);
    file.put(123, (byte) 2).putShort(254, (short) 1);
    file.putFloat(280, 1).putFloat(300, 1).putFloat(320, 2);
    file.put(344, new byte[] {'n', '+', '1', 0});
    for (int i = 0; i < voxels.length; i++) {
      file.putShort(352 + 2 * i, voxels[i]);
    }
    return file.array();
  }

  /** Compressed. */
  public static byte[] gzip(byte[] file) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
