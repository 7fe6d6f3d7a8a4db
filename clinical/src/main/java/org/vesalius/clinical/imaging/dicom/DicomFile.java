package org.vesalius.clinical.imaging.dicom;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * A DICOM file (PS3.10), with or without preamble and meta group: its elements, and its frames as
 * they are stored. Immutable and safe for several threads; a frame is decoded each time it is asked
 * for.
 *
 * <p>Reading checks the structure of the whole file and keeps no pixels. A large file is mapped,
 * not read into memory, and must not change while this object is in use.
 *
 * @see TransferSyntax#isDecodable
 */
public final class DicomFile {
  /** Larger files are mapped. */
  private static final long IN_MEMORY = 1 << 20;

  private final String name;
  private final DataSet meta;
  private final DataSet data;
  private final TransferSyntax transferSyntax;
  private final PixelFrames pixels;

  private DicomFile(String name, DicomStructure structure) {
    this.name = name;
    this.meta = structure.meta();
    this.data = structure.data();
    this.transferSyntax = structure.transferSyntax();
    this.pixels = new PixelFrames(name, data, transferSyntax);
  }

  /**
   * Reads a file.
   *
   * @throws DicomFormatException if it is not DICOM, or broken
   * @throws UncheckedIOException if it cannot be read
   */
  public static DicomFile read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > IN_MEMORY) {
        return read(channel.map(MapMode.READ_ONLY, 0, size, Arena.ofAuto()), file.toString());
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
      return read(Arrays.copyOf(bytes.array(), bytes.position()), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e, e);
    }
  }

  /**
   * Reads a file from memory, which must not change afterwards.
   *
   * @param name stands for the file in messages
   */
  public static DicomFile read(byte[] bytes, String name) {
    return new DicomFile(name, DicomStructure.read(ByteSource.of(bytes, name, "byte")));
  }

  /**
   * Reads a file from memory, which must stay and not change as long as the result is used.
   *
   * @param name stands for the file in messages
   */
  public static DicomFile read(MemorySegment bytes, String name) {
    return new DicomFile(name, DicomStructure.read(new ByteSource(bytes, null, name, "byte")));
  }

  /** What stands for the file in messages. */
  public String name() {
    return name;
  }

  /** Group 0002; empty where the file has none. */
  public DataSet metaInformation() {
    return meta;
  }

  public DataSet dataSet() {
    return data;
  }

  /** As the file says, or for a file without meta group as its first element shows. */
  public TransferSyntax transferSyntax() {
    return transferSyntax;
  }

  /**
   * Number of frames; 0 for a file without pixels.
   *
   * @throws DicomFormatException if the file does not say a number, or one that its pixels are too
   *     few for
   */
  public int frames() {
    return pixels.count();
  }

  /**
   * Decodes a frame.
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such frame
   * @throws UnsupportedTransferSyntaxException if pixels of its transfer syntax are not decoded
   *     here
   * @throws DicomFormatException if they are broken, too large, floating point or contradict their
   *     description
   */
  public StoredFrame frame(int index) {
    return pixels.frame(index);
  }

  /** Whether pixels are floating point numbers, which {@link #realFrame} reads. */
  public boolean hasRealPixels() {
    return pixels.areReal();
  }

  /**
   * Reads a frame of floating point numbers.
   *
   * @param index from 0
   * @throws IndexOutOfBoundsException if there is no such frame
   * @throws DicomFormatException if there are none, or they contradict their description
   */
  public RealFrame realFrame(int index) {
    return pixels.realFrame(index);
  }

  /** The colours that pixels of a {@code PALETTE COLOR} file stand for; empty where it has none. */
  public Optional<Palette> palette() {
    return Optional.ofNullable(Palette.of(data));
  }

  /** The name and what may be shown of the data set. */
  @Override
  public String toString() {
    return name + " [" + transferSyntax + "]\n" + data;
  }
}
