package org.vesalius.clinical.trace;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;

/** Signs traces with an Ed25519 key. Immutable, for any number of threads. */
public final class TraceSigner {
  private final PrivateKey key;
  private final PublicKey publicKey;

  private TraceSigner(PrivateKey key, PublicKey publicKey) {
    this.key = key;
    this.publicKey = publicKey;
  }

  /**
   * A signer.
   *
   * @throws IllegalArgumentException if the key is not one of Ed25519
   */
  public static TraceSigner of(PrivateKey key) {
    return new TraceSigner(key, TraceKeys.publicKeyOf(key));
  }

  /** The key that checks its signatures. */
  public PublicKey publicKey() {
    return publicKey;
  }

  TraceSignature sign(String lastHash) {
    try {
      Signature signature = Signature.getInstance(TraceSignature.ED25519);
      signature.initSign(key);
      signature.update(TraceSignature.message(lastHash));
      Base64.Encoder base64 = Base64.getEncoder();
      return new TraceSignature(
          TraceSignature.ED25519,
          base64.encodeToString(publicKey.getEncoded()),
          base64.encodeToString(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key that has signed once signs again", e);
    }
  }
}
