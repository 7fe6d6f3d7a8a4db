package org.vesalius.clinical.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vesalius.clinical.trace.Sha256;

/** SHA-256 in hexadecimal, as traces have it. */
final class Digests {
  private static final int PIECE = 1 << 16;

  private Digests() {}

  /** Of a text in UTF-8, without a second copy of it. */
  static String sha256(String text) {
    MessageDigest digest = Sha256.digest();
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + PIECE);
      if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
        to++;
      }
      digest.update(text.substring(from, to).getBytes(StandardCharsets.UTF_8));
      from = to;
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Of a file, or over the names and hashes of the files of a folder in the order of their names.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  static String sha256(Path path) {
    if (!Files.isDirectory(path)) {
      return ofFile(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      return sha256(
          files
              .filter(Files::isRegularFile)
              .sorted()
              .map(file -> file.getFileName() + " " + ofFile(file) + "\n")
              .collect(Collectors.joining()));
    } catch (IOException e) {
      throw new UncheckedIOException("folder " + path + " cannot be read: " + e, e);
    }
  }

  private static String ofFile(Path file) {
    MessageDigest digest = Sha256.digest();
    byte[] buffer = new byte[PIECE];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("file " + file + " cannot be read: " + e, e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
