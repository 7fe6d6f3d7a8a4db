package org.vesalius.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What a model is, to tell one from another: SHA-256 in hexadecimal of what it was read from.
 *
 * @param weightsSha256 over the hashes (32 bytes each) of all weight files, in the order of the
 *     index
 * @param configSha256 of config.json
 * @param tokenizerSha256 of tokenizer.json
 * @param templateSha256 of the text of the chat template
 */
public record ModelFingerprint(
    String weightsSha256, String configSha256, String tokenizerSha256, String templateSha256) {
  private static final int BUFFER = 1 << 20;

  /**
   * Reads all files of a model.
   *
   * @throws UncheckedIOException if one cannot be read
   */
  static ModelFingerprint of(Path directory, List<Path> weights, String template) {
    MessageDigest all = sha256();
    weights.forEach(file -> all.update(digest(file)));
    return new ModelFingerprint(
        hex(all.digest()),
        hex(digest(directory.resolve("config.json"))),
        hex(digest(directory.resolve("tokenizer.json"))),
        hex(sha256().digest(template.getBytes(StandardCharsets.UTF_8))));
  }

  private static byte[] digest(Path file) {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("file " + file + " cannot be read: " + e, e);
    }
    return digest.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
