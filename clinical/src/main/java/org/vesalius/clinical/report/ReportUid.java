package org.vesalius.clinical.report;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.UUID;
import org.vesalius.clinical.trace.Sha256;

/**
 * Unique identifiers for what is made of a report: the same for the same report, other ones for any
 * other. Made like UUIDs of version 8 (RFC 9562): bits of a SHA-256 of the report and of what the
 * identifier is for.
 */
public final class ReportUid {
  private final byte[] report;

  /** Identifiers of a report. */
  public ReportUid(Report report) {
    this.report = Sha256.digest().digest(ReportJson.write(report).getBytes(StandardCharsets.UTF_8));
  }

  /** One for a purpose. */
  public UUID uuid(String purpose) {
    MessageDigest digest = Sha256.digest();
    digest.update(report);
    byte[] bits = digest.digest(purpose.getBytes(StandardCharsets.UTF_8));
    bits[6] = (byte) ((bits[6] & 0x0f) | 0x80);
    bits[8] = (byte) ((bits[8] & 0x3f) | 0x80);
    ByteBuffer halves = ByteBuffer.wrap(bits);
    return new UUID(halves.getLong(), halves.getLong());
  }

  /** One for a purpose as DICOM writes them (PS3.5 B.2). */
  public String dicom(String purpose) {
    return dicom(uuid(purpose));
  }

  /** One for what wrote a report: the same for every report of the same model. */
  public static UUID device(String model) {
    return UUID.nameUUIDFromBytes(("org.vesalius " + model).getBytes(StandardCharsets.UTF_8));
  }

  /** A UUID as DICOM writes them. */
  public static String dicom(UUID uuid) {
    byte[] bits =
        ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
    return "2.25." + new BigInteger(1, bits);
  }
}
