package org.vesalius.runtime.layers;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of something that is kept for others to come. That of a page of the key/value cache
 * is over all tokens from the beginning of the sequence to the end of the page, pictures included:
 * two pages with one key hold the same numbers.
 *
 * @param first bytes 0 to 7
 * @param second bytes 8 to 15
 * @param third bytes 16 to 23
 * @param fourth bytes 24 to 31
 */
public record ContentKey(long first, long second, long third, long fourth) {

  /**
   * Tokens of a page that stand for a picture.
   *
   * @param picture what the picture shows
   * @param from the first of these tokens, counted from the beginning of the page
   * @param offset which of the picture's tokens it is
   */
  public record PictureTokens(ContentKey picture, int from, int offset) {}

  /**
   * The key of the page that follows one.
   *
   * @param previous the page before, or null for the first
   * @param ids all tokens of the sequence, as many as the page needs at least
   * @param page its number in the sequence
   * @param pictures what pictures have a part in it, in order
   */
  public static ContentKey after(
      @Nullable ContentKey previous, int[] ids, int page, List<PictureTokens> pictures) {
    Digest digest = new Digest();
    if (previous != null) {
      digest.add(previous);
    }
    digest.add(Arrays.copyOfRange(ids, page * KvCache.PAGE_SIZE, (page + 1) * KvCache.PAGE_SIZE));
    for (PictureTokens picture : pictures) {
      digest.add(picture.picture());
      digest.add(picture.from(), picture.offset());
    }
    return digest.key();
  }

  /** The 32 bytes in hexadecimal. */
  public String hex() {
    return "%016x%016x%016x%016x".formatted(first, second, third, fourth);
  }

  /** Takes numbers until the key is asked for. */
  public static final class Digest {
    private static final int PIECE = 2048;

    private final MessageDigest sha;
    private final ByteBuffer bytes = ByteBuffer.allocate(PIECE * Long.BYTES);

    /** An empty one. */
    public Digest() {
      try {
        sha = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    /** Adds integers, and before them how many they are. */
    public void add(int... values) {
      room(Integer.BYTES).putInt(values.length);
      for (int value : values) {
        room(Integer.BYTES).putInt(value);
      }
    }

    /** Adds the bits of numbers, and before them how many they are. */
    public void add(float[] values) {
      room(Integer.BYTES).putInt(values.length);
      for (int from = 0; from < values.length; from += PIECE) {
        int count = Math.min(PIECE, values.length - from);
        flush();
        bytes.asFloatBuffer().put(values, from, count);
        bytes.position(count * Float.BYTES);
      }
    }

    /** Adds another key. */
    public void add(ContentKey key) {
      room(Long.BYTES).putLong(key.first);
      room(Long.BYTES).putLong(key.second);
      room(Long.BYTES).putLong(key.third);
      room(Long.BYTES).putLong(key.fourth);
    }

    /** The key of all that was added. Called once. */
    public ContentKey key() {
      flush();
      ByteBuffer sum = ByteBuffer.wrap(sha.digest());
      return new ContentKey(sum.getLong(), sum.getLong(), sum.getLong(), sum.getLong());
    }

    private ByteBuffer room(int wanted) {
      if (bytes.remaining() < wanted) {
        flush();
      }
      return bytes;
    }

    private void flush() {
      sha.update(bytes.flip());
      bytes.clear();
    }
  }
}
