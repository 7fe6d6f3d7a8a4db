package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A precinct of a JPEG 2000 tile: the code-blocks that one packet of each layer speaks of, in up to
 * three bands (T.800 B.6, B.7). Its blocks are made when its first packet that is not empty comes.
 */
final class Jpeg2000Precinct {
  /** A code-block: where it lies in its component's plane, and its data. */
  static final class Block {
    final int x;
    final int y;
    final int width;
    final int height;
    final List<BlockDecoder.Segment> segments = new ArrayList<>(1);
    boolean included;
    int planes;
    int lengthBits = 3;
    int passes;

    Block(int x, int y, int width, int height) {
      this.x = x;
      this.y = y;
      this.width = width;
      this.height = height;
    }
  }

  /** The blocks of one band in one precinct. */
  static final class BandPart {
    final int band;
    final int across;
    final Block[] blocks;
    final TagTree inclusion;
    final TagTree zeroPlanes;

    BandPart(int band, int across, Block[] blocks) {
      this.band = band;
      this.across = across;
      this.blocks = blocks;
      int down = blocks.length == 0 ? 0 : blocks.length / across;
      this.inclusion = new TagTree(Math.max(across, 1), Math.max(down, 1));
      this.zeroPlanes = new TagTree(Math.max(across, 1), Math.max(down, 1));
    }
  }

  final Jpeg2000Tile.Component component;
  final int resolution;
  final int column;
  final int row;

  /** Its place on the grid of the image, by which some progressions go. */
  final long x;

  final long y;
  int layers;
  private @Nullable List<BandPart> parts;

  private Jpeg2000Precinct(
      Jpeg2000Tile.Component component, int resolution, int column, int row, long x, long y) {
    this.component = component;
    this.resolution = resolution;
    this.column = column;
    this.row = row;
    this.x = x;
    this.y = y;
  }

  /** How many a resolution of a component has. */
  static long count(Jpeg2000Tile.Component component, int r) {
    int width = component.style.precincts()[r] & 15;
    int height = component.style.precincts()[r] >> 4;
    int x0 = component.at(component.x0, r);
    int y0 = component.at(component.y0, r);
    int x1 = component.at(component.x1, r);
    int y1 = component.at(component.y1, r);
    return x1 <= x0 || y1 <= y0
        ? 0
        : (long) (ceilShift(x1, width) - (x0 >> width)) * (ceilShift(y1, height) - (y0 >> height));
  }

  /** Those of a resolution of a component, row by row. */
  static List<Jpeg2000Precinct> of(Jpeg2000Tile.Component component, int r) {
    List<Jpeg2000Precinct> precincts = new ArrayList<>();
    if (count(component, r) == 0) {
      return precincts;
    }
    int width = component.style.precincts()[r] & 15;
    int height = component.style.precincts()[r] >> 4;
    int scale = component.style.levels() - r;
    for (int row = component.at(component.y0, r) >> height;
        row < ceilShift(component.at(component.y1, r), height);
        row++) {
      for (int column = component.at(component.x0, r) >> width;
          column < ceilShift(component.at(component.x1, r), width);
          column++) {
        long left = component.sampling.across() * ((long) column << (width + scale));
        long top = component.sampling.down() * ((long) row << (height + scale));
        long x = Math.max(component.tile.x0(), left);
        long y = Math.max(component.tile.y0(), top);
        precincts.add(new Jpeg2000Precinct(component, r, column, row, x, y));
      }
    }
    return precincts;
  }

  /** Its blocks by band; made, and handed to the component, when they are first asked for. */
  List<BandPart> parts() {
    List<BandPart> made = parts;
    if (made == null) {
      made = makeParts();
      parts = made;
      component.parts.addAll(made);
    }
    return made;
  }

  private List<BandPart> makeParts() {
    Jpeg2000Style style = component.style;
    int r = resolution;
    int level = r == 0 ? style.levels() : style.levels() - r + 1;
    int halved = r == 0 ? 0 : 1;
    int width = (style.precincts()[r] & 15) - halved;
    int height = (style.precincts()[r] >> 4) - halved;
    int blockWidth = Math.min(style.blockWidth(), width);
    int blockHeight = Math.min(style.blockHeight(), height);
    List<BandPart> made = new ArrayList<>();
    for (int orientation = r == 0 ? 0 : 1; orientation <= (r == 0 ? 0 : 3); orientation++) {
      int right = orientation & 1;
      int below = orientation >> 1;
      int bandX0 = bandAt(component.x0, level, right);
      int bandY0 = bandAt(component.y0, level, below);
      int x0 = (int) Math.max(bandX0, (long) column << width);
      int y0 = (int) Math.max(bandY0, (long) row << height);
      int x1 = (int) Math.min(bandAt(component.x1, level, right), (column + 1L) << width);
      int y1 = (int) Math.min(bandAt(component.y1, level, below), (row + 1L) << height);
      int band = r == 0 ? 0 : 3 * (r - 1) + orientation;
      if (x1 <= x0 || y1 <= y0) {
        continue;
      }
      // Where the band lies in the plane: beside and below what is there of lower resolution.
      int offsetX =
          right == 0 ? 0 : component.at(component.x1, r - 1) - component.at(component.x0, r - 1);
      int offsetY =
          below == 0 ? 0 : component.at(component.y1, r - 1) - component.at(component.y0, r - 1);
      int across = ceilShift(x1, blockWidth) - (x0 >> blockWidth);
      int down = ceilShift(y1, blockHeight) - (y0 >> blockHeight);
      Block[] blocks = new Block[across * down];
      for (int i = 0; i < blocks.length; i++) {
        int blockColumn = (x0 >> blockWidth) + i % across;
        int blockRow = (y0 >> blockHeight) + i / across;
        int left = Math.max(x0, blockColumn << blockWidth);
        int top = Math.max(y0, blockRow << blockHeight);
        int end = (int) Math.min(x1, (blockColumn + 1L) << blockWidth);
        int bottom = (int) Math.min(y1, (blockRow + 1L) << blockHeight);
        blocks[i] =
            new Block(left - bandX0 + offsetX, top - bandY0 + offsetY, end - left, bottom - top);
      }
      made.add(new BandPart(band, across, blocks));
    }
    return made;
  }

  /** A coordinate in a band (T.800 B-15). */
  private static int bandAt(int coordinate, int level, int high) {
    if (level == 0) {
      return coordinate;
    }
    long half = high == 0 ? 0 : 1L << (level - 1);
    return (int) Math.max(0, ((long) coordinate - half + (1L << level) - 1) >> level);
  }

  static int ceilShift(int value, int shift) {
    return shift > 31 ? (value > 0 ? 1 : 0) : (int) ((value + (1L << shift) - 1) >> shift);
  }
}
