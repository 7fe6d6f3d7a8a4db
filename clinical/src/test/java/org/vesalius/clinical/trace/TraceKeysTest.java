package org.vesalius.clinical.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys come from files as other tools write them. */
class TraceKeysTest {
  @TempDir Path folder;

  @Test
  void publicKeysFollowFromPrivateOnes() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
    for (int i = 0; i < 20; i++) {
      KeyPair pair = generator.generateKeyPair();
      assertEquals(pair.getPublic(), TraceSigner.of(pair.getPrivate()).publicKey());
    }
  }

  /** RFC 8032, section 7.1, test 1. */
  @Test
  void publicKeysAreThoseOfTheStandard() throws GeneralSecurityException {
    byte[] seed =
        HexFormat.of().parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    PrivateKey key =
        KeyFactory.getInstance("Ed25519")
            .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
    byte[] der = TraceSigner.of(key).publicKey().getEncoded();
    assertEquals(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        HexFormat.of().formatHex(der, der.length - 32, der.length));
  }

  @Test
  void keysAreReadFromPemFiles() throws GeneralSecurityException, IOException {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    Path secret = pem("PRIVATE KEY", pair.getPrivate());
    Path open = pem("PUBLIC KEY", pair.getPublic());
    assertEquals(pair.getPrivate(), TraceKeys.readPrivate(secret));
    assertEquals(pair.getPublic(), TraceKeys.readPublic(open));
    assertEquals(64, TraceKeys.fingerprint(pair.getPublic()).length());
  }

  @Test
  void otherFilesAreRefusedWithoutShowingThem() throws GeneralSecurityException, IOException {
    KeyPairGenerator curves = KeyPairGenerator.getInstance("EC");
    KeyPair other = curves.generateKeyPair();
    Path wrong = pem("PRIVATE KEY", other.getPrivate());
    Path damaged = folder.resolve("damaged.pem");
    Files.writeString(damaged, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    Path none = folder.resolve("none.pem");
    Files.writeString(none, "SECRET");
    for (Path file : List.of(wrong, damaged, none, pem("PUBLIC KEY", other.getPublic()))) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> TraceKeys.readPrivate(file));
      String message = String.valueOf(refused.getMessage());
      assertTrue(message.startsWith(file + ": expected"), message);
      assertFalse(message.contains("SECRET"), message);
      assertThrows(IllegalArgumentException.class, () -> TraceKeys.readPublic(file));
    }
    Path missing = folder.resolve("missing.pem");
    assertThrows(UncheckedIOException.class, () -> TraceKeys.readPublic(missing));
    assertThrows(IllegalArgumentException.class, () -> TraceSigner.of(other.getPrivate()));
  }

  private Path pem(String kind, Key key) throws IOException {
    Path file = Files.createTempFile(folder, "key", ".pem");
    Base64.Encoder lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));
    Files.writeString(
        file,
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(kind, lines.encodeToString(key.getEncoded()), kind));
    return file;
  }
}
