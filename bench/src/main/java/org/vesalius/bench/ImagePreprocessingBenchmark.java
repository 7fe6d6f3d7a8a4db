package org.vesalius.bench;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.vesalius.runtime.vision.image.Filter;
import org.vesalius.runtime.vision.image.Grid;
import org.vesalius.runtime.vision.image.ImageDecoder;
import org.vesalius.runtime.vision.image.ImagePatches;
import org.vesalius.runtime.vision.image.QwenImageProcessor;
import org.vesalius.runtime.vision.image.RasterImage;
import org.vesalius.runtime.vision.image.Resampler;

/**
 * From file bytes to patches: decoding, the bicubic resize alone, and the whole Qwen2.5-VL
 * processor.
 *
 * <p>The picture is a seeded sum of waves with noise, square, with {@code size} pixels a side;
 * {@code maxPixels} is the budget of the smart-resize: about 1000x1000, or the public default,
 * which hardly shrinks 3000x3000.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(5)
public class ImagePreprocessingBenchmark {
  private static final float[] MEAN = {(float) 0.48145466, (float) 0.4578275, (float) 0.40821073};
  private static final float[] STD = {(float) 0.26862954, (float) 0.26130258, (float) 0.27577711};

  @Param({"512", "3000"})
  int size;

  @Param({"1003520", "12845056"})
  long maxPixels;

  @Param({"rgb", "gray", "gray16"})
  String samples = "";

  private byte[] jpeg = {};
  private byte[] png = {};
  private byte[] rgb = {};
  private RasterImage image = RasterImage.ofGray8(1, 1, new byte[1]);
  private QwenImageProcessor processor =
      new QwenImageProcessor(14, 2, 2, 3136, 12_845_056, MEAN, STD, 1 / 255d, Filter.BICUBIC);

  @Setup
  public void setUp() throws IOException {
    int type =
        switch (samples) {
          case "rgb" -> BufferedImage.TYPE_3BYTE_BGR;
          case "gray" -> BufferedImage.TYPE_BYTE_GRAY;
          default -> BufferedImage.TYPE_USHORT_GRAY;
        };
    BufferedImage picture = new BufferedImage(size, size, type);
    int bands = picture.getRaster().getNumBands();
    double full = type == BufferedImage.TYPE_USHORT_GRAY ? 65535 : 255;
    Random random = new Random(1);
    double[] pixel = new double[bands];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int c = 0; c < bands; c++) {
          double wave = Math.sin(0.011 * x * (c + 1)) * Math.cos(0.007 * y * (c + 1));
          pixel[c] = Math.clamp(full * (0.5 + 0.4 * wave + 0.02 * random.nextGaussian()), 0, full);
        }
        picture.getRaster().setPixel(x, y, pixel);
      }
    }
    png = encode(picture, "png");
    jpeg = type == BufferedImage.TYPE_USHORT_GRAY ? png : encode(picture, "jpeg");
    image = ImageDecoder.decode(png, "generated.png");
    rgb = image.copyRgb();
    processor =
        new QwenImageProcessor(14, 2, 2, 3136, maxPixels, MEAN, STD, 1 / 255d, Filter.BICUBIC);
  }

  private static byte[] encode(BufferedImage picture, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!ImageIO.write(picture, format, out)) {
      throw new IOException("no writer for " + format);
    }
    return out.toByteArray();
  }

  /** 16-bit pictures have no baseline JPEG: there this repeats {@link #decodePng}. */
  @Benchmark
  public RasterImage decodeJpeg() {
    return ImageDecoder.decode(jpeg, "generated.jpg");
  }

  @Benchmark
  public RasterImage decodePng() {
    return ImageDecoder.decode(png, "generated.png");
  }

  /** Always three channels of 8 bits. */
  @Benchmark
  public byte[] resize() {
    Grid grid = processor.grid(size, size);
    return Resampler.resize8(
        rgb, size, size, 3, grid.resizedWidth(), grid.resizedHeight(), Filter.BICUBIC);
  }

  @Benchmark
  public ImagePatches process() {
    return processor.process(image);
  }
}
