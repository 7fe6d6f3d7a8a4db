package org.vesalius.clinical.imaging;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.vesalius.clinical.imaging.nifti.NiftiVolume;
import org.vesalius.clinical.imaging.slide.SlideImage;

/** Opens medical pictures of every kind that is known. */
public final class MedicalImages {
  private static final int PREAMBLE = 128;
  private static final String DICOM_MARK = "DICM";

  private MedicalImages() {}

  /**
   * The medical pictures at a path; empty where it is something else, such as a PNG. A file is told
   * by its content: DICOM, NIfTI or a TIFF that is larger than what is decoded at once or in JPEG
   * 2000; one without a mark is DICOM if its name ends so. A folder has as many as there are series
   * in it.
   *
   * @throws MedicalImageException if it is damaged or of a kind that is not read
   * @throws UncheckedIOException if it cannot be read
   */
  public static List<MedicalImage> open(Path path) {
    if (Files.isDirectory(path)) {
      return List.copyOf(series(path));
    }
    if (NiftiVolume.matches(path)) {
      return List.of(NiftiVolume.open(path));
    }
    if (isDicom(path)) {
      DicomImage image = DicomImage.open(path);
      return List.of(SlideImage.of(image.file()).<MedicalImage>map(s -> s).orElse(image));
    }
    return SlideImage.open(path).<List<MedicalImage>>map(List::of).orElse(List.of());
  }

  /**
   * The same with a mask.
   *
   * @throws MedicalImageException if the mask does not fit, too
   * @throws UncheckedIOException if it cannot be read
   */
  public static List<MedicalImage> open(Path path, PixelMask mask) {
    List<MedicalImage> images = open(path);
    return mask.isEmpty() ? images : images.stream().map(image -> image.masked(mask)).toList();
  }

  private static List<DicomSeries> series(Path folder) {
    DicomSeries.Folder found = DicomSeries.read(folder);
    if (found.series().isEmpty()) {
      throw new MedicalImageException(
          folder
              + ": expected DICOM files with pixels, found none among "
              + found.unread()
              + (found.unread() == 1 ? " file" : " files"));
    }
    return found.series();
  }

  private static boolean isDicom(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(PREAMBLE + DICOM_MARK.length());
      if (head.length == PREAMBLE + DICOM_MARK.length()
          && new String(head, PREAMBLE, DICOM_MARK.length(), StandardCharsets.ISO_8859_1)
              .equals(DICOM_MARK)) {
        return true;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("file " + file + " cannot be read: " + e, e);
    }
    String name = Objects.requireNonNull(file.getFileName()).toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".dcm") || name.endsWith(".dicom");
  }
}
