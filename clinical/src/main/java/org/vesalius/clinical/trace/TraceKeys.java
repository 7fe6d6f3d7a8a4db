package org.vesalius.clinical.trace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ed25519 keys from PEM files, PKCS#8 and X.509, as {@code openssl genpkey} and {@code openssl pkey
 * -pubout} write them.
 */
public final class TraceKeys {
  /** A key has about 120 bytes. */
  private static final int MAX_BYTES = 1 << 16;

  private static final int SEED_BYTES = 32;

  private TraceKeys() {}

  /**
   * Reads a private key, PKCS#8 without a password.
   *
   * @throws IllegalArgumentException if the file holds none
   * @throws UncheckedIOException if it cannot be read
   */
  public static PrivateKey readPrivate(Path pem) {
    byte[] der = der(pem, "PRIVATE KEY");
    try {
      return KeyFactory.getInstance(TraceSignature.ED25519)
          .generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (GeneralSecurityException _) {
      throw new IllegalArgumentException(
          pem + ": expected a private key of Ed25519, found another or a damaged one");
    } finally {
      Arrays.fill(der, (byte) 0);
    }
  }

  /**
   * Reads a public key, X.509.
   *
   * @throws IllegalArgumentException if the file holds none
   * @throws UncheckedIOException if it cannot be read
   */
  public static PublicKey readPublic(Path pem) {
    try {
      return publicKey(der(pem, "PUBLIC KEY"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(pem + ": " + e.getMessage(), e);
    }
  }

  /** SHA-256 of a key's X.509 form, in hexadecimal: its name for people. */
  public static String fingerprint(PublicKey key) {
    return Sha256.hex(key.getEncoded());
  }

  static PublicKey publicKey(byte[] der) {
    try {
      return KeyFactory.getInstance(TraceSignature.ED25519)
          .generatePublic(new X509EncodedKeySpec(der));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "expected a public key of Ed25519, found another or a damaged one", e);
    }
  }

  /** The other half of a private key, which the JDK computes only when it makes a pair. */
  static PublicKey publicKeyOf(PrivateKey key) {
    byte[] seed = seed(key);
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(TraceSignature.ED25519);
      generator.initialize(NamedParameterSpec.ED25519, new Seed(seed));
      KeyPair pair = generator.generateKeyPair();
      if (!Arrays.equals(seed, seed(pair.getPrivate()))) {
        throw new IllegalStateException("this JDK makes keys otherwise than of 32 random bytes");
      }
      return pair.getPublic();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  private static byte[] seed(PrivateKey key) {
    if (key instanceof EdECPrivateKey edwards && edwards.getBytes().isPresent()) {
      byte[] seed = edwards.getBytes().get();
      if (seed.length == SEED_BYTES) {
        return seed;
      }
    }
    throw new IllegalArgumentException(
        "expected a private key of Ed25519 whose bytes can be read, found another");
  }

  /** Random bytes that are already known. */
  private static final class Seed extends SecureRandom {
    private static final long serialVersionUID = 1L;
    private final transient byte[] seed;

    Seed(byte[] seed) {
      this.seed = seed;
    }

    @Override
    public void nextBytes(byte[] bytes) {
      System.arraycopy(seed, 0, bytes, 0, bytes.length);
    }
  }

  private static byte[] der(Path pem, String kind) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(pem)) {
      bytes = in.readNBytes(MAX_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException("key " + pem + " cannot be read: " + e, e);
    }
    Matcher found =
        Pattern.compile(
                "-----BEGIN %s-----([A-Za-z0-9+/=\\s]*)-----END %s-----".formatted(kind, kind))
            .matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    if (!found.find()) {
      throw new IllegalArgumentException(
          "%s: expected a PEM file with a %s, found none".formatted(pem, kind));
    }
    try {
      return Base64.getDecoder().decode(found.group(1).replaceAll("\\s", ""));
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException(pem + ": expected base64 between its marks");
    }
  }
}
