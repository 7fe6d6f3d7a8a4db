package org.vesalius.clinical.imaging.dicom;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How a data set and its pixels are stored (PS3.5 10, PS3.6 A). Every one of the standard has a
 * name here, also those whose pixels cannot be decoded; one that is not of the standard is called
 * unknown.
 */
public final class TransferSyntax {
  /** What its pixels are coded with. */
  enum Codec {
    /** Not encapsulated. */
    NATIVE,
    ENCAPSULATED_NATIVE,
    DEFLATED_FRAMES,
    RLE,
    JPEG,
    JPEG_LS,
    JPEG_2000,
    NONE_HERE
  }

  private static final String ROOT = "1.2.840.10008.1.2";

  private static final Map<String, TransferSyntax> KNOWN =
      index(
          plain("", "Implicit VR Little Endian", false, false, false),
          plain(".1", "Explicit VR Little Endian", true, false, false),
          plain(".2", "Explicit VR Big Endian", true, true, false),
          plain(".1.99", "Deflated Explicit VR Little Endian", true, false, true),
          coded(
              ".1.98",
              "Encapsulated Uncompressed Explicit VR Little Endian",
              Codec.ENCAPSULATED_NATIVE),
          coded(".8.1", "Deflated Image Frame Compression", Codec.DEFLATED_FRAMES),
          coded(".5", "RLE Lossless", Codec.RLE),
          coded(".4.50", "JPEG Baseline (Process 1)", Codec.JPEG),
          coded(".4.51", "JPEG Extended (Process 2 and 4)", Codec.JPEG),
          coded(".4.53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)", Codec.JPEG),
          coded(".4.55", "JPEG Full Progression, Non-Hierarchical (Process 10 and 12)", Codec.JPEG),
          coded(".4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", Codec.JPEG),
          coded(
              ".4.70",
              "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])",
              Codec.JPEG),
          coded(".4.80", "JPEG-LS Lossless Image Compression", Codec.JPEG_LS),
          coded(".4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression", Codec.JPEG_LS),
          coded(".4.90", "JPEG 2000 Image Compression (Lossless Only)", Codec.JPEG_2000),
          coded(".4.91", "JPEG 2000 Image Compression", Codec.JPEG_2000),
          refused(".4.52", "JPEG Extended (Process 3 and 5)"),
          refused(".4.54", "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)"),
          refused(".4.56", "JPEG Full Progression, Non-Hierarchical (Process 11 and 13)"),
          refused(".4.58", "JPEG Lossless, Non-Hierarchical (Process 15)"),
          refused(".4.59", "JPEG Extended, Hierarchical (Process 16 and 18)"),
          refused(".4.60", "JPEG Extended, Hierarchical (Process 17 and 19)"),
          refused(".4.61", "JPEG Spectral Selection, Hierarchical (Process 20 and 22)"),
          refused(".4.62", "JPEG Spectral Selection, Hierarchical (Process 21 and 23)"),
          refused(".4.63", "JPEG Full Progression, Hierarchical (Process 24 and 26)"),
          refused(".4.64", "JPEG Full Progression, Hierarchical (Process 25 and 27)"),
          refused(".4.65", "JPEG Lossless, Hierarchical (Process 28)"),
          refused(".4.66", "JPEG Lossless, Hierarchical (Process 29)"),
          refused(".4.92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)"),
          refused(".4.93", "JPEG 2000 Part 2 Multi-component Image Compression"),
          refused(".4.94", "JPIP Referenced"),
          refused(".4.95", "JPIP Referenced Deflate"),
          refused(".4.100", "MPEG2 Main Profile / Main Level"),
          refused(".4.100.1", "Fragmentable MPEG2 Main Profile / Main Level"),
          refused(".4.101", "MPEG2 Main Profile / High Level"),
          refused(".4.101.1", "Fragmentable MPEG2 Main Profile / High Level"),
          refused(".4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
          refused(".4.102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1"),
          refused(".4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
          refused(
              ".4.103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
          refused(".4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
          refused(
              ".4.104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video"),
          refused(".4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
          refused(
              ".4.105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video"),
          refused(".4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
          refused(".4.106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
          refused(".4.107", "HEVC/H.265 Main Profile / Level 5.1"),
          refused(".4.108", "HEVC/H.265 Main 10 Profile / Level 5.1"),
          refused(".4.110", "JPEG XL Lossless"),
          refused(".4.111", "JPEG XL JPEG Recompression"),
          refused(".4.112", "JPEG XL"),
          refused(".4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)"),
          refused(
              ".4.202",
              "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)"),
          refused(".4.203", "High-Throughput JPEG 2000 Image Compression"),
          refused(".4.204", "JPIP HTJ2K Referenced"),
          refused(".4.205", "JPIP HTJ2K Referenced Deflate"),
          refused(".6.1", "RFC 2557 MIME encapsulation"),
          refused(".6.2", "XML Encoding"),
          refused(".7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video"),
          refused(".7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video"),
          refused(".7.3", "SMPTE ST 2110-30 PCM Digital Audio"));

  /** Of those that are decoded here, the ones whose pixels need not come back as they were. */
  private static final Set<String> LOSSY =
      Set.of(
          ROOT + ".4.50",
          ROOT + ".4.51",
          ROOT + ".4.53",
          ROOT + ".4.55",
          ROOT + ".4.81",
          ROOT + ".4.91");

  static final TransferSyntax IMPLICIT_LITTLE_ENDIAN = of(ROOT);
  static final TransferSyntax EXPLICIT_LITTLE_ENDIAN = of(ROOT + ".1");
  static final TransferSyntax EXPLICIT_BIG_ENDIAN = of(ROOT + ".2");

  private final String uid;
  private final String name;
  private final Codec codec;
  private final boolean explicit;
  private final boolean bigEndian;
  private final boolean deflated;

  private TransferSyntax(
      String uid, String name, Codec codec, boolean explicit, boolean bigEndian, boolean deflated) {
    this.uid = uid;
    this.name = name;
    this.codec = codec;
    this.explicit = explicit;
    this.bigEndian = bigEndian;
    this.deflated = deflated;
  }

  /**
   * The one of a unique identifier. What the standard does not know is taken as explicit and little
   * endian, as the standard demands of new ones (PS3.5 A.4), and its pixels are refused.
   */
  public static TransferSyntax of(String uid) {
    TransferSyntax known = KNOWN.get(uid);
    return known != null
        ? known
        : new TransferSyntax(uid, "unknown", Codec.NONE_HERE, true, false, false);
  }

  public String uid() {
    return uid;
  }

  /** Its name in PS3.6 table A-1, or {@code unknown}. */
  public String name() {
    return name;
  }

  /** Whether pixels in it can be decoded here. */
  public boolean isDecodable() {
    return codec != Codec.NONE_HERE;
  }

  Codec codec() {
    return codec;
  }

  boolean explicit() {
    return explicit;
  }

  boolean bigEndian() {
    return bigEndian;
  }

  boolean deflated() {
    return deflated;
  }

  boolean isLossless() {
    return !LOSSY.contains(uid);
  }

  boolean isEncapsulated() {
    return codec != Codec.NATIVE;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TransferSyntax syntax && syntax.uid.equals(uid);
  }

  @Override
  public int hashCode() {
    return uid.hashCode();
  }

  @Override
  public String toString() {
    return uid + " (" + name + ")";
  }

  private static TransferSyntax plain(
      String suffix, String name, boolean explicit, boolean bigEndian, boolean deflated) {
    return new TransferSyntax(ROOT + suffix, name, Codec.NATIVE, explicit, bigEndian, deflated);
  }

  private static TransferSyntax coded(String suffix, String name, Codec codec) {
    return new TransferSyntax(ROOT + suffix, name, codec, true, false, false);
  }

  private static TransferSyntax refused(String suffix, String name) {
    return coded(suffix, name, Codec.NONE_HERE);
  }

  private static Map<String, TransferSyntax> index(TransferSyntax... syntaxes) {
    Map<String, TransferSyntax> index = new HashMap<>();
    for (TransferSyntax syntax : syntaxes) {
      index.put(syntax.uid, syntax);
    }
    return Map.copyOf(index);
  }
}
