package org.vesalius.clinical.trace;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A signature of a trace's last hash.
 *
 * @param algorithm of it
 * @param publicKey that checks it: X.509, base64
 * @param signature itself, base64
 */
record TraceSignature(String algorithm, String publicKey, String signature) {
  /** The one algorithm: small, and the same signature each time. */
  static final String ED25519 = "Ed25519";

  static TraceSignature of(JsonMembers json) {
    TraceSignature read =
        new TraceSignature(json.text("algorithm"), json.text("publicKey"), json.text("signature"));
    json.end();
    return read;
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("algorithm", algorithm);
    json.put("publicKey", publicKey);
    json.put("signature", signature);
    return json;
  }

  /** What is signed: the hash alone could be that of something else. */
  static byte[] message(String lastHash) {
    return (TraceLines.seed() + "\n" + lastHash).getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * The key that it names.
   *
   * @throws IllegalArgumentException if it names none
   */
  PublicKey key() {
    if (!algorithm.equals(ED25519)) {
      throw new IllegalArgumentException("expected the algorithm Ed25519, found another");
    }
    byte[] der = decode(publicKey);
    PublicKey key = TraceKeys.publicKey(der);
    if (!Arrays.equals(der, key.getEncoded())) {
      throw new IllegalArgumentException("expected a key as the JDK writes it, found another form");
    }
    return key;
  }

  /** Bytes, and no second text for the same: the decoder ignores some bits of the last digit. */
  private static byte[] decode(String base64) {
    byte[] bytes = Base64.getDecoder().decode(base64);
    if (!Base64.getEncoder().encodeToString(bytes).equals(base64)) {
      throw new IllegalArgumentException("expected base64 as it is written, found another form");
    }
    return bytes;
  }

  /** Whether it is a key's signature of a trace with this last hash. */
  boolean isOf(String lastHash, PublicKey key) {
    try {
      Signature check = Signature.getInstance(ED25519);
      check.initVerify(key);
      check.update(message(lastHash));
      return check.verify(decode(signature));
    } catch (GeneralSecurityException | IllegalArgumentException _) {
      return false;
    }
  }
}
