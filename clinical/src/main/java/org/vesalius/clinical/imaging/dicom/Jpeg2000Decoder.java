package org.vesalius.clinical.imaging.dicom;

import com.github.jaiimageio.jpeg2000.impl.J2KImageReader;
import com.github.jaiimageio.jpeg2000.impl.J2KImageReaderSpi;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * JPEG 2000 (ITU-T T.800), read by jai-imageio-jpeg2000; what it must not be given is found first.
 */
final class Jpeg2000Decoder {
  private Jpeg2000Decoder() {}

  static DecodedFrame decode(byte[] data, ImagePixels pixels) {
    J2KImageReader reader = new J2KImageReader(new J2KImageReaderSpi());
    try (MemoryCacheImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(data))) {
      reader.setInput(stream, true, true);
      Raster raster = reader.readRaster(0, null);
      int[] samples =
          raster.getPixels(
              raster.getMinX(), raster.getMinY(), pixels.columns(), pixels.rows(), (int[]) null);
      return new DecodedFrame(
          pixels.columns(), pixels.rows(), raster.getNumBands(), 16, false, samples);
    } catch (IOException | RuntimeException e) {
      throw new CodecException(0, "truncated, corrupt or unsupported JPEG 2000: " + e);
    } finally {
      reader.dispose();
    }
  }
}
