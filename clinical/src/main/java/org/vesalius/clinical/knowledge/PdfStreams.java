package org.vesalius.clinical.knowledge;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.filter.FilterFactory;

/**
 * Looks at the compressed parts of a PDF before a reader that would expand them in memory whatever
 * they come to. Whatever may begin a stream is expanded, piece by piece and thrown away, and what
 * comes out is expanded again; what is no compressed data ends at once.
 */
final class PdfStreams {
  /** A page of text has thousands of bytes. */
  private static final long STREAM = 64L << 20;

  private static final long TOTAL = 512L << 20;

  /** Compressed within compressed. */
  private static final int LAYERS = 4;

  /** Data may begin so many characters after the mark: line ends differ. */
  private static final int BEGINNINGS = 4;

  private static final byte[] STREAM_MARK = ascii("stream");
  private static final List<String> REFUSED = List.of("LZWDecode", "RunLengthDecode");

  /** How often all bytes may be looked at: parts of an honest file do not overlap. */
  private static final int PASSES = 16;

  private long total;
  private long looked;

  private PdfStreams() {}

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Checks that what is compressed stays small.
   *
   * @throws IOException with a reason if it does not, or if that cannot be told
   */
  static void check(byte[] pdf) throws IOException {
    byte[] plain = withoutEscapes(pdf);
    if (indexOf(plain, ascii("/Encrypt"), 0) >= 0) {
      throw new IOException("it is encrypted; store it without encryption");
    }
    for (String name : REFUSED) {
      if (indexOf(plain, ascii(name), 0) >= 0) {
        throw new IOException(
            "it is compressed with " + name + ", which is not read; save it anew");
      }
    }
    boolean base85 = contains(plain, "ASCII85Decode", "/A85");
    boolean hexadecimal = contains(plain, "ASCIIHexDecode", "/AHx");
    PdfStreams streams = new PdfStreams();
    for (int at = indexOf(pdf, STREAM_MARK, 0); at >= 0; at = indexOf(pdf, STREAM_MARK, at + 1)) {
      int data = at + STREAM_MARK.length;
      while (data < pdf.length && pdf[data] == ' ') {
        data++;
      }
      for (int begin = data; begin <= data + BEGINNINGS && begin < pdf.length; begin++) {
        try (Layer layer = streams.new Layer(LAYERS)) {
          layer.write(pdf, begin, pdf.length - begin);
          streams.looked += layer.inflater.getBytesRead();
        }
      }
      if (base85) {
        streams.expandBase85(pdf, data);
      }
      if (hexadecimal) {
        streams.expandHexadecimal(pdf, data);
      }
      if (streams.looked > (long) PASSES * pdf.length) {
        throw new IOException("its compressed parts overlap");
      }
    }
  }

  private static boolean contains(byte[] pdf, String name, String abbreviation) {
    return indexOf(pdf, ascii(name), 0) >= 0 || indexOf(pdf, ascii(abbreviation), 0) >= 0;
  }

  private void expandBase85(byte[] pdf, int data) throws TooLarge {
    ByteArrayInputStream in = new ByteArrayInputStream(pdf, data, pdf.length - data);
    try (Layer layer = new Layer(LAYERS)) {
      FilterFactory.INSTANCE
          .getFilter(COSName.ASCII85_DECODE)
          .decode(in, layer, new COSDictionary(), 0);
    } catch (TooLarge e) {
      throw e;
    } catch (IOException | RuntimeException _) {
      // It is not written in this way.
    } finally {
      looked += pdf.length - data - in.available();
    }
  }

  private void expandHexadecimal(byte[] pdf, int data) throws IOException {
    try (Layer layer = new Layer(LAYERS)) {
      int high = -1;
      for (int i = data; i < pdf.length && !layer.ended; i++, looked++) {
        int digit = Character.digit(pdf[i], 16);
        if (digit < 0 && pdf[i] > ' ') {
          break;
        }
        if (digit >= 0 && high >= 0) {
          layer.write((high << 4) | digit);
        }
        high = digit < 0 ? high : high < 0 ? digit : -1;
      }
    }
  }

  /** Other failures only say that something is not compressed in this way. */
  private static final class TooLarge extends IOException {
    private static final long serialVersionUID = 1L;

    TooLarge(long bytes) {
      super("it expands to more than %d MiB".formatted(bytes >> 20));
    }
  }

  /** Names may write any letter as a number: {@code #4C} is L. */
  private static byte[] withoutEscapes(byte[] pdf) {
    byte[] plain = new byte[pdf.length];
    int count = 0;
    for (int i = 0; i < pdf.length; i++) {
      int high = i + 2 < pdf.length && pdf[i] == '#' ? Character.digit(pdf[i + 1], 16) : -1;
      int low = high >= 0 ? Character.digit(pdf[i + 2], 16) : -1;
      if (low >= 0) {
        plain[count++] = (byte) ((high << 4) | low);
        i += 2;
      } else {
        plain[count++] = pdf[i];
      }
    }
    return Arrays.copyOf(plain, count);
  }

  private static int indexOf(byte[] bytes, byte[] wanted, int from) {
    for (int i = from; i <= bytes.length - wanted.length; i++) {
      if (bytes[i] == wanted[0]
          && Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Expands what is written to it into the next layer, and counts. The reader looks at no header,
   * so none is looked at here.
   */
  private final class Layer extends OutputStream {
    private final Inflater inflater = new Inflater(true);
    private final int below;
    private final byte[] buffer = new byte[1 << 13];
    private Layer[] next = {};
    private int header = 2;
    private long size;
    private boolean ended;

    Layer(int below) {
      this.below = below;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      int skipped = Math.min(header, length);
      header -= skipped;
      if (ended || skipped == length) {
        return;
      }
      inflater.setInput(bytes, from + skipped, length - skipped);
      try {
        for (int count = inflater.inflate(buffer); count > 0; count = inflater.inflate(buffer)) {
          count(count);
        }
        ended = inflater.finished();
      } catch (DataFormatException _) {
        // Up to here it was bounded, and a reader gets no further.
        ended = true;
      }
    }

    private void count(int count) throws IOException {
      size += count;
      total += count;
      if (size > STREAM || total > TOTAL) {
        throw new TooLarge(size > STREAM ? STREAM : TOTAL);
      }
      if (below == 0) {
        return;
      }
      if (next.length == 0) {
        next = new Layer[] {new Layer(below - 1)};
      }
      next[0].write(buffer, 0, count);
    }

    @Override
    public void close() {
      inflater.end();
      for (Layer layer : next) {
        layer.close();
      }
    }
  }
}
