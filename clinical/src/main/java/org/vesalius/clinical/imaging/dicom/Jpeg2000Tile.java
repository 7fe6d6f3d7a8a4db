package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The packets of a JPEG 2000 tile and what they hold (T.800 B). */
final class Jpeg2000Tile {
  /**
   * What one part of a progression covers (T.800 A.6.6).
   *
   * @param kind 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL
   */
  record Progression(
      int kind,
      int fromResolution,
      int toResolution,
      int fromComponent,
      int toComponent,
      int layers) {}

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

  /** A precinct; its blocks are made when its first packet that is not empty comes. */
  private static final class Precinct {
    final Component component;
    final int resolution;
    final int column;
    final int row;

    /** Its place on the grid of the image, by which some progressions go. */
    final long x;

    final long y;
    int layers;
    @Nullable List<BandPart> parts;

    Precinct(Component component, int resolution, int column, int row, long x, long y) {
      this.component = component;
      this.resolution = resolution;
      this.column = column;
      this.row = row;
      this.x = x;
      this.y = y;
    }
  }

  /** A component of the tile, on the grid of the image. */
  static final class Component {
    final int index;
    final Jpeg2000Style style;
    final int x0;
    final int y0;
    final int x1;
    final int y1;
    final List<BandPart> parts = new ArrayList<>();

    Component(int index, Jpeg2000Style style, int x0, int y0, int x1, int y1) {
      this.index = index;
      this.style = style;
      this.x0 = x0;
      this.y0 = y0;
      this.x1 = x1;
      this.y1 = y1;
    }

    /** A coordinate at a resolution. */
    int at(int coordinate, int resolution) {
      return ceilShift(coordinate, style.levels() - resolution);
    }
  }

  private final int layers;
  private final boolean startMarkers;
  private final boolean endMarkers;
  private final PacketBits bits;
  private final List<Precinct> precincts = new ArrayList<>();

  Jpeg2000Tile(
      Component[] components, int layers, boolean startMarkers, boolean endMarkers, byte[] body) {
    this.layers = layers;
    this.startMarkers = startMarkers;
    this.endMarkers = endMarkers;
    this.bits = new PacketBits(body);
    long packets = 0;
    for (Component component : components) {
      for (int r = 0; r <= component.style.levels(); r++) {
        packets += precincts(component, r) * layers;
        // A packet takes a byte or more.
        if (packets > body.length) {
          throw new CodecException(
              0, "truncated: a JPEG 2000 tile of %d bytes for more packets".formatted(body.length));
        }
        addPrecincts(component, r);
      }
    }
  }

  static int ceilShift(int value, int shift) {
    return shift > 31 ? (value > 0 ? 1 : 0) : (int) ((value + (1L << shift) - 1) >> shift);
  }

  private static long precincts(Component component, int r) {
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

  private void addPrecincts(Component component, int r) {
    if (precincts(component, r) == 0) {
      return;
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
        long x = Math.max(component.x0, (long) column << (width + scale));
        long y = Math.max(component.y0, (long) row << (height + scale));
        precincts.add(new Precinct(component, r, column, row, x, y));
      }
    }
  }

  /** Reads all packets in the order of progressions. */
  void read(List<Progression> progressions) {
    for (Progression progression : progressions) {
      List<Precinct> covered = new ArrayList<>();
      for (Precinct precinct : precincts) {
        int c = precinct.component.index;
        int r = precinct.resolution;
        if (c >= progression.fromComponent
            && c < progression.toComponent
            && r >= progression.fromResolution
            && r < progression.toResolution) {
          covered.add(precinct);
        }
      }
      Comparator<Precinct> byComponent = Comparator.comparingInt(p -> p.component.index);
      Comparator<Precinct> byResolution = Comparator.comparingInt(p -> p.resolution);
      Comparator<Precinct> byPlace =
          Comparator.<Precinct>comparingLong(p -> p.y).thenComparingLong(p -> p.x);
      // Sorting is stable: precincts of one resolution stay in the order of their rows.
      covered.sort(
          switch (progression.kind) {
            case 0, 1 -> byResolution.thenComparing(byComponent);
            case 2 -> byResolution.thenComparing(byPlace).thenComparing(byComponent);
            case 3 -> byPlace.thenComparing(byComponent).thenComparing(byResolution);
            default -> byComponent.thenComparing(byPlace).thenComparing(byResolution);
          });
      int last = Math.min(layers, progression.layers);
      if (progression.kind == 0) {
        for (int layer = 0; layer < last; layer++) {
          readLayer(covered, layer);
        }
      } else if (progression.kind == 1) {
        for (int from = 0; from < covered.size(); ) {
          int to = from;
          while (to < covered.size()
              && covered.get(to).resolution == covered.get(from).resolution) {
            to++;
          }
          for (int layer = 0; layer < last; layer++) {
            readLayer(covered.subList(from, to), layer);
          }
          from = to;
        }
      } else {
        for (Precinct precinct : covered) {
          for (int layer = precinct.layers; layer < last; layer++) {
            readPacket(precinct, layer);
          }
        }
      }
    }
    for (Precinct precinct : precincts) {
      if (precinct.layers < layers) {
        throw new CodecException(
            bits.position(), "corrupt: JPEG 2000 progressions leave packets out");
      }
    }
  }

  private void readLayer(List<Precinct> covered, int layer) {
    for (Precinct precinct : covered) {
      if (precinct.layers == layer) {
        readPacket(precinct, layer);
      }
    }
  }

  private void readPacket(Precinct precinct, int layer) {
    precinct.layers = layer + 1;
    if (startMarkers) {
      bits.skipMarker(0x91, 6);
    }
    if (bits.bit() == 0) {
      bits.align();
      if (endMarkers) {
        bits.skipMarker(0x92, 2);
      }
      return;
    }
    List<BandPart> parts = precinct.parts;
    if (parts == null) {
      parts = parts(precinct);
      precinct.parts = parts;
      precinct.component.parts.addAll(parts);
    }
    List<Block> blocks = new ArrayList<>();
    List<int[]> lengths = new ArrayList<>();
    for (BandPart part : parts) {
      for (int i = 0; i < part.blocks.length; i++) {
        Block block = part.blocks[i];
        if (isIncluded(part, block, i % part.across, i / part.across, layer, precinct)) {
          int passes = readPasses();
          while (bits.bit() == 1) {
            if (++block.lengthBits > 31) {
              throw new CodecException(bits.position(), "corrupt: JPEG 2000 packet header");
            }
          }
          readLengths(block, passes, precinct.component.style.blockStyle(), blocks, lengths);
        }
      }
    }
    bits.align();
    if (endMarkers) {
      bits.skipMarker(0x92, 2);
    }
    for (int i = 0; i < blocks.size(); i++) {
      append(blocks.get(i), lengths.get(i)[0], bits.bytes(lengths.get(i)[1]), lengths.get(i)[2]);
    }
  }

  private boolean isIncluded(
      BandPart part, Block block, int x, int y, int layer, Precinct precinct) {
    if (block.included) {
      return bits.bit() == 1;
    }
    if (!part.inclusion.isBelow(x, y, layer + 1, bits)) {
      return false;
    }
    block.included = true;
    int zeros = 0;
    while (!part.zeroPlanes.isBelow(x, y, zeros + 1, bits)) {
      if (++zeros > 80) {
        throw new CodecException(bits.position(), "corrupt: JPEG 2000 packet header");
      }
    }
    Jpeg2000Style style = precinct.component.style;
    block.planes = style.planes(part.band) + style.regionShift() - zeros;
    if (block.planes < 0 || block.planes > 29) {
      throw new CodecException(
          bits.position(), "corrupt: %d bit planes in JPEG 2000".formatted(block.planes));
    }
    return true;
  }

  private int readPasses() {
    if (bits.bit() == 0) {
      return 1;
    }
    if (bits.bit() == 0) {
      return 2;
    }
    int more = bits.bits(2);
    if (more < 3) {
      return 3 + more;
    }
    more = bits.bits(5);
    return more < 31 ? 6 + more : 37 + bits.bits(7);
  }

  /** Splits passes where the arithmetic coder is terminated (T.800 D.4.2, D.6). */
  private void readLengths(
      Block block, int count, int style, List<Block> blocks, List<int[]> lengths) {
    int left = count;
    while (left > 0) {
      int most;
      int open;
      if ((style & BlockDecoder.TERMINATE) != 0) {
        most = 1;
        open = 1;
      } else if ((style & BlockDecoder.BYPASS) != 0) {
        // Ten passes, then two that bypass and one that does not, by turns.
        int done = block.passes;
        int turn = done < 10 ? 0 : (done - 10) % 3;
        most = done < 10 ? 10 - done : turn < 2 ? 2 - turn : 1;
        open = done == 0 || (done >= 10 && turn != 1) ? 1 : 0;
      } else {
        most = left;
        open = block.passes == 0 ? 1 : 0;
      }
      int passes = Math.min(most, left);
      int lengthBits = block.lengthBits + 31 - Integer.numberOfLeadingZeros(passes);
      if (lengthBits > 31) {
        throw new CodecException(bits.position(), "corrupt: JPEG 2000 packet header");
      }
      int length = bits.bits(lengthBits);
      blocks.add(block);
      lengths.add(new int[] {passes, length, open});
      block.passes += passes;
      left -= passes;
    }
    if (block.passes > 3 * 30) {
      throw new CodecException(bits.position(), "corrupt: too many passes in JPEG 2000");
    }
  }

  private static void append(Block block, int passes, byte[] data, int open) {
    if (open == 1 || block.segments.isEmpty()) {
      block.segments.add(new BlockDecoder.Segment(passes, data, data.length));
      return;
    }
    BlockDecoder.Segment last = block.segments.removeLast();
    byte[] both = Arrays.copyOf(last.data(), last.length() + data.length);
    System.arraycopy(data, 0, both, last.length(), data.length);
    block.segments.add(new BlockDecoder.Segment(last.passes() + passes, both, both.length));
  }

  private static List<BandPart> parts(Precinct precinct) {
    Component component = precinct.component;
    Jpeg2000Style style = component.style;
    int r = precinct.resolution;
    int level = r == 0 ? style.levels() : style.levels() - r + 1;
    int halved = r == 0 ? 0 : 1;
    int width = (style.precincts()[r] & 15) - halved;
    int height = (style.precincts()[r] >> 4) - halved;
    int blockWidth = Math.min(style.blockWidth(), width);
    int blockHeight = Math.min(style.blockHeight(), height);
    List<BandPart> parts = new ArrayList<>();
    for (int orientation = r == 0 ? 0 : 1; orientation <= (r == 0 ? 0 : 3); orientation++) {
      int right = orientation & 1;
      int below = orientation >> 1;
      int bandX0 = bandAt(component.x0, level, right);
      int bandY0 = bandAt(component.y0, level, below);
      int x0 = (int) Math.max(bandX0, (long) precinct.column << width);
      int y0 = (int) Math.max(bandY0, (long) precinct.row << height);
      int x1 = (int) Math.min(bandAt(component.x1, level, right), (precinct.column + 1L) << width);
      int y1 = (int) Math.min(bandAt(component.y1, level, below), (precinct.row + 1L) << height);
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
        int column = (x0 >> blockWidth) + i % across;
        int row = (y0 >> blockHeight) + i / across;
        int left = Math.max(x0, column << blockWidth);
        int top = Math.max(y0, row << blockHeight);
        int end = (int) Math.min(x1, (column + 1L) << blockWidth);
        int bottom = (int) Math.min(y1, (row + 1L) << blockHeight);
        blocks[i] =
            new Block(left - bandX0 + offsetX, top - bandY0 + offsetY, end - left, bottom - top);
      }
      parts.add(new BandPart(band, across, blocks));
    }
    return parts;
  }

  /** A coordinate in a band (T.800 B-15). */
  private static int bandAt(int coordinate, int level, int high) {
    if (level == 0) {
      return coordinate;
    }
    long half = high == 0 ? 0 : 1L << (level - 1);
    return (int) Math.max(0, ((long) coordinate - half + (1L << level) - 1) >> level);
  }
}
