package org.vesalius.clinical.imaging.dicom;

/** From the code-blocks of a JPEG 2000 tile to its samples (T.800 E, F, G). */
final class Jpeg2000Samples {
  private final Jpeg2000Tile.Component[] components;
  private final int[] precisions;
  private final boolean[] signed;
  private final boolean transformed;

  Jpeg2000Samples(
      Jpeg2000Tile.Component[] components,
      int[] precisions,
      boolean[] signed,
      boolean transformed) {
    this.components = components;
    this.precisions = precisions;
    this.signed = signed;
    this.transformed = transformed;
  }

  /**
   * Writes the tile into (rows, columns, components); components of lower resolution are repeated.
   */
  void write(int[] out, int columns, int left, int top) {
    int count = components.length;
    boolean reversible = components[0].style.reversible();
    for (Jpeg2000Tile.Component component : components) {
      if (transformed && !fits(component, reversible)) {
        throw new CodecException(0, "corrupt: JPEG 2000 colours of different transforms");
      }
    }
    if (transformed && count != 3) {
      throw new CodecException(0, "corrupt: a JPEG 2000 colour transform without three colours");
    }
    int[][] whole = new int[count][];
    float[][] real = new float[count][];
    for (int c = 0; c < count; c++) {
      if (components[c].style.reversible()) {
        whole[c] = reversible(components[c]);
      } else {
        real[c] = irreversible(components[c], precisions[c]);
      }
    }
    if (transformed && reversible) {
      undoReversible(whole[0], whole[1], whole[2]);
    } else if (transformed) {
      undoIrreversible(real[0], real[1], real[2]);
    }
    for (int c = 0; c < count; c++) {
      if (components[c].style.reversible()) {
        int[] plane = whole[c];
        write(c, at -> plane[at], out, columns, top * columns + left);
      } else {
        float[] plane = real[c];
        write(c, at -> (long) Math.rint(plane[at]), out, columns, top * columns + left);
      }
    }
  }

  /** Whether a component can be transformed together with the first. */
  private boolean fits(Jpeg2000Tile.Component component, boolean reversible) {
    return component.style.reversible() == reversible
        && component.sampling.equals(components[0].sampling);
  }

  /** Sample {@code at} of a component's plane. */
  @FunctionalInterface
  private interface Plane {
    long sample(int at);
  }

  private void write(int c, Plane plane, int[] out, int columns, int start) {
    Jpeg2000Tile.Component component = components[c];
    Jpeg2000Tile.Area tile = component.tile;
    Jpeg2000Tile.Sampling sampling = component.sampling;
    int count = components.length;
    int shift = signed[c] ? 0 : 1 << (precisions[c] - 1);
    int min = signed[c] ? -(1 << (precisions[c] - 1)) : 0;
    int max = min + (1 << precisions[c]) - 1;
    int width = tile.x1() - tile.x0();
    int height = tile.y1() - tile.y0();
    for (int y = 0; y < height; y++) {
      int row = y / sampling.down() * component.width();
      int to = (start + y * columns) * count + c;
      for (int x = 0; x < width; x++, to += count) {
        out[to] = Math.clamp(plane.sample(row + x / sampling.across()) + shift, min, max);
      }
    }
  }

  private int[] reversible(Jpeg2000Tile.Component component) {
    int width = component.width();
    int[] plane = new int[width * component.height()];
    BlockDecoder decoder = new BlockDecoder();
    for (Jpeg2000Precinct.BandPart part : component.parts) {
      for (Jpeg2000Precinct.Block block : part.blocks) {
        int[] values = decode(decoder, component, part, block);
        for (int y = 0; y < block.height && values.length > 0; y++) {
          for (int x = 0; x < block.width; x++) {
            // Doubled values; dividing goes towards zero.
            plane[(block.y + y) * width + block.x + x] = values[y * block.width + x] / 2;
          }
        }
      }
    }
    forEachLevel(component, (x, y, w, h) -> InverseWavelet.reverse53(plane, width, x, y, w, h));
    return plane;
  }

  private float[] irreversible(Jpeg2000Tile.Component component, int precision) {
    int width = component.width();
    float[] plane = new float[width * component.height()];
    BlockDecoder decoder = new BlockDecoder();
    for (Jpeg2000Precinct.BandPart part : component.parts) {
      float step = 0.5f * component.style.stepSize(part.band, precision);
      for (Jpeg2000Precinct.Block block : part.blocks) {
        int[] values = decode(decoder, component, part, block);
        for (int y = 0; y < block.height && values.length > 0; y++) {
          for (int x = 0; x < block.width; x++) {
            plane[(block.y + y) * width + block.x + x] = values[y * block.width + x] * step;
          }
        }
      }
    }
    forEachLevel(component, (x, y, w, h) -> InverseWavelet.reverse97(plane, width, x, y, w, h));
    return plane;
  }

  /** What is done with the part of a plane that a level of the transform covers. */
  @FunctionalInterface
  private interface Level {
    void reverse(int x0, int y0, int width, int height);
  }

  private static void forEachLevel(Jpeg2000Tile.Component component, Level level) {
    for (int r = 1; r <= component.style.levels(); r++) {
      int x0 = component.at(component.x0, r);
      int y0 = component.at(component.y0, r);
      level.reverse(x0, y0, component.at(component.x1, r) - x0, component.at(component.y1, r) - y0);
    }
  }

  /** Doubled values of a block, with a region of interest shifted back; none where all are zero. */
  private static int[] decode(
      BlockDecoder decoder,
      Jpeg2000Tile.Component component,
      Jpeg2000Precinct.BandPart part,
      Jpeg2000Precinct.Block block) {
    if (block.segments.isEmpty() || block.planes == 0) {
      return new int[0];
    }
    int orientation = part.band == 0 ? 0 : (part.band - 1) % 3 + 1;
    int[] values =
        decoder.decode(
            block.segments,
            block.width,
            block.height,
            orientation,
            block.planes,
            component.style.blockStyle());
    int shift = component.style.regionShift();
    if (shift > 0) {
      int threshold = 1 << shift;
      for (int i = 0; i < block.width * block.height; i++) {
        int size = Math.abs(values[i]);
        if (size >= threshold) {
          values[i] = values[i] < 0 ? -(size >> shift) : size >> shift;
        }
      }
    }
    return values;
  }

  private static void undoReversible(int[] a, int[] b, int[] c) {
    for (int i = 0; i < a.length; i++) {
      int green = a[i] - ((b[i] + c[i]) >> 2);
      int red = c[i] + green;
      int blue = b[i] + green;
      a[i] = red;
      b[i] = green;
      c[i] = blue;
    }
  }

  private static void undoIrreversible(float[] a, float[] b, float[] c) {
    for (int i = 0; i < a.length; i++) {
      float red = a[i] + c[i] * 1.402f;
      float green = a[i] - b[i] * 0.34413f - c[i] * 0.71414f;
      float blue = a[i] + b[i] * 1.772f;
      a[i] = red;
      b[i] = green;
      c[i] = blue;
    }
  }
}
