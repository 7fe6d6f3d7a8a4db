package org.vesalius.clinical.imaging.dicom;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.vesalius.clinical.imaging.PackedRecords;

/**
 * A small file of one transfer syntax, written by DCMTK or GDCM, and what they decode it to; made
 * by {@code src/test/oracle/tiny_dicom.py}.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TinyFile(String name, String digest, String photometric, byte[] bytes) {

  static List<TinyFile> all() {
    return PackedRecords.of(TinyFile.class, "tiny.txt").stream()
        .map(r -> new TinyFile(r.fields().get(0), r.fields().get(1), r.fields().get(2), r.bytes()))
        .toList();
  }

  static TinyFile of(String name) {
    return all().stream().filter(file -> file.name.equals(name)).findFirst().orElseThrow();
  }

  /** The hash of samples as cells of {@code allocated} bits, little endian. */
  static String digest(
      List<StoredFrame> frames, int allocated, boolean planar, boolean subsampled) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (StoredFrame frame : frames) {
        digest.update(cells(frame, allocated, planar, subsampled));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static List<StoredFrame> frames(DicomFile file) {
    return IntStream.range(0, file.frames()).mapToObj(file::frame).toList();
  }

  private static byte[] cells(
      StoredFrame frame, int allocated, boolean planar, boolean subsampled) {
    int[] samples = frame.samples();
    if (subsampled) {
      byte[] cells = new byte[samples.length / 3 * 2];
      for (int from = 0, to = 0; to < cells.length; from += 6, to += 4) {
        cells[to] = (byte) samples[from];
        cells[to + 1] = (byte) samples[from + 3];
        cells[to + 2] = (byte) samples[from + 1];
        cells[to + 3] = (byte) samples[from + 2];
      }
      return cells;
    }
    if (allocated == 1) {
      byte[] cells = new byte[(samples.length + 7) / 8];
      for (int i = 0; i < samples.length; i++) {
        cells[i >> 3] = (byte) (cells[i >> 3] | samples[i] << (i & 7));
      }
      return cells;
    }
    int width = allocated / 8;
    int colours = frame.samplesPerPixel();
    byte[] cells = new byte[samples.length * width];
    for (int i = 0; i < samples.length; i++) {
      int to = planar ? i % colours * (samples.length / colours) + i / colours : i;
      for (int b = 0; b < width; b++) {
        cells[to * width + b] = (byte) (samples[i] >> (8 * b));
      }
    }
    return cells;
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
