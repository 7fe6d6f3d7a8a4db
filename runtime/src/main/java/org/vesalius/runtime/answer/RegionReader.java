package org.vesalius.runtime.answer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Reads the places in an answer and puts them into the source pictures. */
final class RegionReader {
  private final GroundingFormat format;
  private final RegionPlacement placement;
  private final List<Region> regions = new ArrayList<>();
  private final List<InvalidRegion> invalid = new ArrayList<>();

  RegionReader(GroundingFormat format, List<PictureFrame> pictures) {
    this.format = format;
    placement = new RegionPlacement(format.scale(), pictures);
  }

  /**
   * Reads.
   *
   * @param offsets for each index of the text the index that is reported
   */
  void read(String text, int[] offsets) {
    WrittenRegion.Sink sink = new Placing(text, offsets);
    for (GroundingFormat.Syntax syntax : format.syntaxes()) {
      switch (syntax) {
        case TAGS -> TagRegions.find(text, sink);
        case BBOX_2D -> new JsonRegions(text, sink, JsonRegions.QWEN).find();
        case BOX_2D -> new JsonRegions(text, sink, JsonRegions.GEMMA).find();
        case BOX_TOKENS -> TokenRegions.find(text, sink);
        case LABELLED -> LabelledRegions.find(text, sink);
      }
    }
    regions.sort(Comparator.comparingInt(region -> region.mention().start()));
    invalid.sort(Comparator.comparingInt(InvalidRegion::start));
  }

  List<Region> regions() {
    return regions;
  }

  List<InvalidRegion> invalid() {
    return invalid;
  }

  private final class Placing implements WrittenRegion.Sink {
    private final String text;
    private final int[] offsets;

    Placing(String text, int[] offsets) {
      this.text = text;
      this.offsets = offsets;
    }

    @Override
    public void found(WrittenRegion region) {
      Region.Mention mention =
          new Region.Mention(
              text.substring(region.start(), region.end()),
              offsets[region.start()],
              offsets[region.end()],
              region.numbers());
      try {
        regions.add(placement.place(region, mention));
      } catch (Malformed e) {
        invalid(region.start(), region.end(), String.valueOf(e.getMessage()));
      }
    }

    @Override
    public void invalid(int start, int end, String reason) {
      invalid.add(
          new InvalidRegion(text.substring(start, end), offsets[start], offsets[end], reason));
    }
  }
}
