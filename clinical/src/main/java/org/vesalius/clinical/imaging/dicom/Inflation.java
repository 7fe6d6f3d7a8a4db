package org.vesalius.clinical.imaging.dicom;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Undoes deflation (RFC 1951) without trusting how much comes out. */
final class Inflation {
  /** A data set may inflate to this, or to {@link #RATIO} times its size. */
  private static final long ENOUGH = 256L << 20;

  private static final int RATIO = 64;

  /** Deflation cannot do better. */
  private static final long MAX_RATIO = 1032;

  private static final int STEP = 1 << 16;

  private Inflation() {}

  /** All that a deflated data set inflates to. */
  static byte[] inflate(ByteSource source, long from) {
    return inflate(source, from, ENOUGH);
  }

  static byte[] inflate(ByteSource source, long from, long enough) {
    long size = source.size() - from;
    long limit = Math.min(Math.max(enough, RATIO * size), Integer.MAX_VALUE - 8L);
    byte[] out = new byte[(int) Math.min(Math.max(1024, 4 * size), 1 << 24)];
    byte[] in = new byte[(int) Math.min(size, STEP)];
    long at = from;
    int filled = 0;
    try (Inflation.Closing closing = new Closing(new Inflater(true))) {
      Inflater inflater = closing.inflater;
      while (!inflater.finished()) {
        if (inflater.needsInput()) {
          int part = (int) Math.min(in.length, source.size() - at);
          if (part == 0) {
            throw source.fail(
                at, "truncated: the deflated data set does not end; get the whole file");
          }
          source.copy(at, in, 0, part);
          at += part;
          inflater.setInput(in, 0, part);
        }
        if (filled == out.length) {
          if (filled >= limit) {
            throw source.fail(
                at, "the deflated data set inflates to more than the limit of " + limit + " bytes");
          }
          out = Arrays.copyOf(out, (int) Math.min(limit, 2L * filled));
        }
        filled += inflater.inflate(out, filled, out.length - filled);
        if (inflater.needsDictionary()) {
          throw source.fail(at, "corrupt: the deflated data set asks for a dictionary");
        }
      }
    } catch (DataFormatException e) {
      throw source.fail(at, "corrupt: the data set is not deflated as RFC 1951 says");
    }
    return filled == out.length ? out : Arrays.copyOf(out, filled);
  }

  /** A deflated frame, which must inflate to {@code size} bytes. */
  static byte[] inflate(byte[] data, int size) {
    if (size > MAX_RATIO * (data.length + 1L)) {
      throw new CodecException(
          0, "truncated: %d deflated bytes cannot hold %d".formatted(data.length, size));
    }
    byte[] out = new byte[size];
    try (Inflation.Closing closing = new Closing(new Inflater(true))) {
      Inflater inflater = closing.inflater;
      inflater.setInput(data);
      int filled = 0;
      while (filled < size) {
        int part = inflater.inflate(out, filled, size - filled);
        if (part == 0) {
          throw new CodecException(
              inflater.getBytesRead(),
              "truncated: expected %d inflated bytes, found %d".formatted(size, filled));
        }
        filled += part;
      }
      return out;
    } catch (DataFormatException e) {
      throw new CodecException(0, "corrupt: not deflated as RFC 1951 says");
    }
  }

  /** Frees what an inflater holds outside the heap. */
  private record Closing(Inflater inflater) implements AutoCloseable {
    @Override
    public void close() {
      inflater.end();
    }
  }
}
