package org.vesalius.clinical.imaging.slide;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.vesalius.clinical.imaging.BurnedInText;
import org.vesalius.clinical.imaging.ColourFrame;
import org.vesalius.clinical.imaging.DicomImage;
import org.vesalius.clinical.imaging.Frame;
import org.vesalius.clinical.imaging.MedicalImage;
import org.vesalius.clinical.imaging.MedicalImageException;
import org.vesalius.clinical.imaging.PixelMask;
import org.vesalius.clinical.imaging.dicom.DicomFile;
import org.vesalius.runtime.vision.image.ImageFormatException;

/** A slide as one picture: its overview. Tiles come from {@link #slide}. */
public final class SlideImage implements MedicalImage {
  /** The longer side of an overview. */
  public static final int OVERVIEW = 2048;

  private final String kind;
  private final TiledPicture slide;
  private final Map<String, Object> facts;
  private final List<String> notes;
  private final Optional<BurnedInText> expected;
  private final PixelMask mask;

  private SlideImage(
      String kind,
      TiledPicture slide,
      Map<String, Object> facts,
      List<String> notes,
      Optional<BurnedInText> expected,
      PixelMask mask) {
    this.kind = kind;
    this.slide = slide;
    this.facts = facts;
    this.notes = List.copyOf(notes);
    this.expected = expected;
    this.mask = mask;
  }

  /**
   * A TIFF file that is too large to be decoded at once; empty if it is something else.
   *
   * @throws ImageFormatException if it is damaged
   */
  public static Optional<SlideImage> open(Path file) {
    return TiffSlide.open(file)
        .map(slide -> {
          Map<String, Object> facts = facts(slide);
          facts.put("level_widths", slide.levelWidths());
          return new SlideImage(
              "TIFF slide", slide, facts, List.of(), Optional.empty(), PixelMask.NONE);
        });
  }

  /**
   * A DICOM file whose frames are tiles of one picture; empty if it is something else.
   *
   * @throws MedicalImageException if its tiles are not where they can be understood
   */
  public static Optional<SlideImage> of(DicomFile file) {
    return of(file, SlideLayer.usual());
  }

  /**
   * One layer of a DICOM file whose frames are tiles; empty if it is something else.
   *
   * @throws MedicalImageException if its tiles are not where they can be understood, or there is no
   *     such layer
   */
  public static Optional<SlideImage> of(DicomFile file, SlideLayer layer) {
    return DicomSlide.of(file, layer)
        .map(slide -> {
          Map<String, Object> facts = facts(slide);
          facts.put("transfer_syntax", file.transferSyntax().name());
          facts.put("tiles", file.frames());
          List<String> notes = new ArrayList<>();
          if (slide.focalPlanes() > 1) {
            facts.put("focal_planes", slide.focalPlanes());
            facts.put("focal_plane_heights_um", slide.focalPlaneHeights());
            facts.put("focal_plane", slide.focalPlane());
            notes.add(taken("focal plane", slide.focalPlane(), slide.focalPlanes()));
          }
          if (slide.opticalPaths() > 1) {
            facts.put("optical_paths", slide.opticalPaths());
            facts.put("optical_path", slide.opticalPath());
            notes.add(taken("optical path", slide.opticalPath(), slide.opticalPaths()));
          }
          return new SlideImage(
              "DICOM slide", slide, facts, notes, DicomImage.of(file).burnedIn(), PixelMask.NONE);
        });
  }

  private static String taken(String what, int number, int count) {
    return "this is %s %d of %d".formatted(what, number, count);
  }

  private static Map<String, Object> facts(TiledPicture slide) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("columns", slide.width());
    facts.put("rows", slide.height());
    slide
        .place()
        .spacing()
        .ifPresent(spacing -> {
          facts.put("pixel_spacing_mm", List.of(spacing.horizontal(), spacing.vertical()));
          facts.put("pixel_spacing_is", spacing.place().description());
        });
    return facts;
  }

  /** The slide, for tiles of it. */
  public TiledPicture slide() {
    return slide;
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public int frames() {
    return 1;
  }

  @Override
  public Frame frame(int index) {
    Objects.checkIndex(index, 1);
    return new ColourFrame(slide.overview(OVERVIEW));
  }

  @Override
  public SlideImage masked(PixelMask other) {
    List<PixelMask.Rectangle> hidden = other.in(kind, slide.width(), slide.height(), List.of());
    return new SlideImage(kind, slide.masked(hidden), facts, notes, expected, other);
  }

  @Override
  public List<PixelMask.Rectangle> hidden(int index) {
    return mask.in(kind, slide.width(), slide.height(), List.of());
  }

  @Override
  public Optional<BurnedInText> burnedIn() {
    return mask.isEmpty() ? expected : Optional.empty();
  }

  @Override
  public Map<String, Object> facts() {
    return new LinkedHashMap<>(facts);
  }

  @Override
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    all.add("the picture is an overview of the slide; coordinates are those of the slide");
    expected.map(text -> text.note(mask)).ifPresent(all::add);
    return List.copyOf(all);
  }

  @Override
  public String toString() {
    return kind + " of " + slide.width() + "x" + slide.height() + " pixels";
  }
}
