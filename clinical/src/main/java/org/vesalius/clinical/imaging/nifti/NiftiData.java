package org.vesalius.clinical.imaging.nifti;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** The bytes of voxels, picture by picture. */
sealed interface NiftiData {
  /** Deflate makes at most 1,032 bytes of one. */
  long MOST_PER_BYTE = 1032;

  /** Of several small pictures. */
  int ARRAY_BYTES = 1 << 20;

  /**
   * The bytes of one picture.
   *
   * @throws UncheckedIOException if they cannot be read
   */
  ByteBuffer picture(long index);

  /** Voxels in a file that is not compressed: read when they are wanted. */
  record Stored(Path file, long offset, int pictureBytes) implements NiftiData {
    @Override
    public ByteBuffer picture(long index) {
      ByteBuffer bytes = ByteBuffer.allocate(pictureBytes);
      long at = offset + index * pictureBytes;
      try (FileChannel channel = FileChannel.open(file)) {
        while (bytes.hasRemaining()) {
          if (channel.read(bytes, at + bytes.position()) < 0) {
            throw new EOFException("truncated while it was read: " + file);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException("volume " + file + " cannot be read: " + e, e);
      }
      return bytes.flip();
    }
  }

  /**
   * Voxels that were compressed: kept in memory, so many pictures in each array that small ones
   * take no more than their bytes.
   */
  record Unpacked(List<byte[]> arrays, int perArray, int pictureBytes) implements NiftiData {
    @Override
    public ByteBuffer picture(long index) {
      byte[] array = arrays.get(Math.toIntExact(index / perArray));
      int from = (int) (index % perArray) * pictureBytes;
      return ByteBuffer.wrap(array, from, pictureBytes).slice();
    }
  }

  /** Whether a file is compressed. */
  static boolean isCompressed(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == 0x1f && in.read() == 0x8b;
    }
  }

  /**
   * Finds the voxels.
   *
   * @param file that holds them
   * @param mostBytes largest accepted volume, where all of it comes into memory
   * @throws NiftiFormatException if the file is shorter than its header says, or the volume too
   *     large
   */
  static NiftiData open(NiftiHeader header, Path file, String origin, long mostBytes) {
    try {
      long size = Files.size(file);
      long expected = Math.addExact(header.offset(), header.dataBytes());
      if (!isCompressed(file)) {
        if (size < expected) {
          throw truncated(origin, expected, size);
        }
        return new Stored(file, header.offset(), Math.toIntExact(header.pictureBytes()));
      }
      if (expected / MOST_PER_BYTE > size) {
        throw new NiftiFormatException(
            origin,
            "%d compressed bytes cannot hold the %d that the header asks for"
                .formatted(size, expected));
      }
      if (header.dataBytes() > mostBytes) {
        throw new NiftiFormatException(
            origin,
            "the volume has %d bytes, at most %d are accepted; decompress it first, then it is read slice by slice"
                .formatted(header.dataBytes(), mostBytes));
      }
      return unpack(header, file, origin, expected);
    } catch (IOException e) {
      throw new UncheckedIOException("volume " + origin + " cannot be read: " + e, e);
    }
  }

  private static NiftiFormatException truncated(String origin, long expected, long found) {
    return new NiftiFormatException(
        origin, "truncated: the header asks for %d bytes, found %d".formatted(expected, found));
  }

  /** Memory grows with what is really there, not with what the header says. */
  private static NiftiData unpack(NiftiHeader header, Path file, String origin, long expected)
      throws IOException {
    int pictureBytes = Math.toIntExact(header.pictureBytes());
    int perArray = Math.max(1, ARRAY_BYTES / pictureBytes);
    List<byte[]> arrays = new ArrayList<>();
    try (InputStream in = unpacking(file)) {
      in.skipNBytes(header.offset());
      for (long i = 0; i < header.pictures(); i += perArray) {
        int wanted = (int) Math.min(perArray, header.pictures() - i) * pictureBytes;
        byte[] array = in.readNBytes(wanted);
        if (array.length < wanted) {
          throw truncated(origin, expected, header.offset() + i * pictureBytes + array.length);
        }
        arrays.add(array);
      }
      // The checksum comes after the last byte; what else may follow is nobody's.
      int unused = in.read();
      return new Unpacked(arrays, perArray, pictureBytes);
    } catch (EOFException e) {
      throw new NiftiFormatException(origin, "truncated: the compressed data ends early", e);
    } catch (ZipException e) {
      throw new NiftiFormatException(origin, "the compressed data is damaged", e);
    }
  }

  private static InputStream unpacking(Path file) throws IOException {
    return new BufferedInputStream(new GZIPInputStream(Files.newInputStream(file), 1 << 16));
  }

  /** Up to {@code count} bytes from the beginning of what a file holds. */
  static byte[] head(Path file, int count) throws IOException {
    boolean compressed = isCompressed(file);
    try (InputStream in = compressed ? unpacking(file) : Files.newInputStream(file)) {
      return in.readNBytes(count);
    } catch (ZipException | EOFException _) {
      return new byte[0];
    }
  }
}
