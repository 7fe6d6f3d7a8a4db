package org.vesalius.clinical.entities;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens dictionaries, compressed or not, and hands each to the reader of its format. */
final class DictionaryFile {
  /** The most bytes of a file, after decompression. */
  static final long MOST_BYTES = 1L << 31;

  private DictionaryFile() {}

  static void read(EntityTreeBuilder builder, Path file, EntityColumns columns) {
    String origin = String.valueOf(file.getFileName());
    if (Files.isDirectory(file)) {
      throw new DictionaryFormatException(origin, "expected a file, found a folder");
    }
    try (InputStream raw = Files.newInputStream(file)) {
      read(builder, origin, raw, columns);
    } catch (IOException e) {
      throw new UncheckedIOException("dictionary " + file + " cannot be read: " + e, e);
    }
  }

  static void read(EntityTreeBuilder builder, String origin, InputStream raw, EntityColumns columns)
      throws IOException {
    String name = origin.toLowerCase(Locale.ROOT);
    String plain = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
    String ending = plain.substring(plain.lastIndexOf('.') + 1);
    try {
      InputStream stream = uncompressed(raw, origin);
      switch (ending) {
        case "csv" ->
            SeparatedDictionary.read(
                builder, new DictionaryInput(origin, stream), columns.separatedBy(','));
        case "tsv", "txt" ->
            SeparatedDictionary.read(
                builder, new DictionaryInput(origin, stream), columns.separatedBy('\t'));
        case "obo" -> new OboDictionary(builder, new DictionaryInput(origin, stream)).read();
        case "json" -> JsonDictionary.read(builder, origin, stream);
        default ->
            throw new DictionaryFormatException(
                origin,
                "expected a name that ends in .csv, .tsv, .txt, .obo or .json, with or without .gz");
      }
    } catch (ZipException | EOFException e) {
      throw new DictionaryFormatException(origin, "the gzip data is damaged: " + e.getMessage());
    }
  }

  /** By the first two bytes, whatever the file is called. */
  private static InputStream uncompressed(InputStream raw, String origin) throws IOException {
    PushbackInputStream stream = new PushbackInputStream(raw, 2);
    byte[] magic = stream.readNBytes(2);
    stream.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == (byte) 0x1F && magic[1] == (byte) 0x8B;
    return new Limited(gzip ? new GZIPInputStream(stream, 1 << 15) : stream, origin);
  }

  /** Ends in an error where a file goes on for too long, as a small compressed one may. */
  private static final class Limited extends FilterInputStream {
    private final String origin;
    private long left = MOST_BYTES;

    Limited(InputStream in, String origin) {
      super(in);
      this.origin = origin;
    }

    @Override
    public int read() throws IOException {
      int b = in.read();
      take(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int n = in.read(into, offset, length);
      take(Math.max(0, n));
      return n;
    }

    private void take(int n) {
      left -= n;
      if (left < 0) {
        throw new DictionaryFormatException(
            origin, "is larger than " + MOST_BYTES + " bytes; split it");
      }
    }
  }
}
