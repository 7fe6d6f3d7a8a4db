package org.vesalius.clinical.imaging.dicom;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

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

  /** A rectangle on the grid of the image; its last column and row are not in it. */
  record Area(int x0, int y0, int x1, int y1) {}

  /** How many columns and rows of the image a sample of a component stands for. */
  record Sampling(int across, int down) {
    static final Sampling FULL = new Sampling(1, 1);
  }

  /** A component of the tile, on its own grid (T.800 B-12). */
  static final class Component {
    final int index;
    final Jpeg2000Style style;
    final Area tile;
    final Sampling sampling;
    final int x0;
    final int y0;
    final int x1;
    final int y1;
    final List<Jpeg2000Precinct.BandPart> parts = new ArrayList<>();

    Component(int index, Jpeg2000Style style, Area tile, Sampling sampling) {
      this.index = index;
      this.style = style;
      this.tile = tile;
      this.sampling = sampling;
      this.x0 = Math.ceilDiv(tile.x0, sampling.across);
      this.y0 = Math.ceilDiv(tile.y0, sampling.down);
      this.x1 = Math.ceilDiv(tile.x1, sampling.across);
      this.y1 = Math.ceilDiv(tile.y1, sampling.down);
    }

    int width() {
      return x1 - x0;
    }

    int height() {
      return y1 - y0;
    }

    /** A coordinate at a resolution. */
    int at(int coordinate, int resolution) {
      return Jpeg2000Precinct.ceilShift(coordinate, style.levels() - resolution);
    }
  }

  private final int layers;
  private final boolean startMarkers;
  private final boolean endMarkers;
  private final PacketBits bits;
  private final List<Jpeg2000Precinct> precincts = new ArrayList<>();

  Jpeg2000Tile(
      Component[] components, int layers, boolean startMarkers, boolean endMarkers, byte[] body) {
    this.layers = layers;
    this.startMarkers = startMarkers;
    this.endMarkers = endMarkers;
    this.bits = new PacketBits(body);
    long packets = 0;
    for (Component component : components) {
      for (int r = 0; r <= component.style.levels(); r++) {
        packets += Jpeg2000Precinct.count(component, r) * layers;
        // A packet takes a byte or more.
        if (packets > body.length) {
          throw new CodecException(
              0, "truncated: a JPEG 2000 tile of %d bytes for more packets".formatted(body.length));
        }
        precincts.addAll(Jpeg2000Precinct.of(component, r));
      }
    }
  }

  /** Reads all packets in the order of progressions. */
  void read(List<Progression> progressions) {
    for (Progression progression : progressions) {
      List<Jpeg2000Precinct> covered = new ArrayList<>();
      for (Jpeg2000Precinct precinct : precincts) {
        int c = precinct.component.index;
        int r = precinct.resolution;
        if (c >= progression.fromComponent
            && c < progression.toComponent
            && r >= progression.fromResolution
            && r < progression.toResolution) {
          covered.add(precinct);
        }
      }
      Comparator<Jpeg2000Precinct> byComponent = Comparator.comparingInt(p -> p.component.index);
      Comparator<Jpeg2000Precinct> byResolution = Comparator.comparingInt(p -> p.resolution);
      Comparator<Jpeg2000Precinct> byPlace =
          Comparator.<Jpeg2000Precinct>comparingLong(p -> p.y).thenComparingLong(p -> p.x);
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
        for (Jpeg2000Precinct precinct : covered) {
          for (int layer = precinct.layers; layer < last; layer++) {
            readPacket(precinct, layer);
          }
        }
      }
    }
    for (Jpeg2000Precinct precinct : precincts) {
      if (precinct.layers < layers) {
        throw new CodecException(
            bits.position(), "corrupt: JPEG 2000 progressions leave packets out");
      }
    }
  }

  private void readLayer(List<Jpeg2000Precinct> covered, int layer) {
    for (Jpeg2000Precinct precinct : covered) {
      if (precinct.layers == layer) {
        readPacket(precinct, layer);
      }
    }
  }

  private void readPacket(Jpeg2000Precinct precinct, int layer) {
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
    List<Jpeg2000Precinct.Block> blocks = new ArrayList<>();
    List<int[]> lengths = new ArrayList<>();
    for (Jpeg2000Precinct.BandPart part : precinct.parts()) {
      for (int i = 0; i < part.blocks.length; i++) {
        Jpeg2000Precinct.Block block = part.blocks[i];
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
      Jpeg2000Precinct.BandPart part,
      Jpeg2000Precinct.Block block,
      int x,
      int y,
      int layer,
      Jpeg2000Precinct precinct) {
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
      Jpeg2000Precinct.Block block,
      int count,
      int style,
      List<Jpeg2000Precinct.Block> blocks,
      List<int[]> lengths) {
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

  private static void append(Jpeg2000Precinct.Block block, int passes, byte[] data, int open) {
    if (open == 1 || block.segments.isEmpty()) {
      block.segments.add(new BlockDecoder.Segment(passes, data, data.length));
      return;
    }
    BlockDecoder.Segment last = block.segments.removeLast();
    byte[] both = Arrays.copyOf(last.data(), last.length() + data.length);
    System.arraycopy(data, 0, both, last.length(), data.length);
    block.segments.add(new BlockDecoder.Segment(last.passes() + passes, both, both.length));
  }
}
