package org.vesalius.clinical.imaging.grey;

/**
 * A look-up table of DICOM from whole numbers to whole numbers (PS3.3 C.11.1.1 and C.11.2.1.1).
 * What lies below the first mapped value has the first entry, what lies above the last one the
 * last.
 *
 * @param firstMapped the value that has the first entry
 * @param bits how many bits entries are meant to have, 1 to 16
 * @param entries from 0 to 65535
 */
@SuppressWarnings("ArrayRecordComponent") // read-only by contract; tables have up to 65,536 entries
public record LookupTable(int firstMapped, int bits, int[] entries) {
  private static final int MOST_ENTRIES = 1 << 16;

  /** Checks and copies the entries. */
  public LookupTable {
    if (entries.length < 1 || entries.length > MOST_ENTRIES) {
      throw new IllegalArgumentException(
          "look-up table: expected 1 to " + MOST_ENTRIES + " entries, found " + entries.length);
    }
    if (bits < 1 || bits > 16) {
      throw new IllegalArgumentException(
          "look-up table: expected entries of 1 to 16 bits, found " + bits);
    }
    for (int entry : entries) {
      if (entry < 0 || entry >= MOST_ENTRIES) {
        throw new IllegalArgumentException(
            "look-up table: expected entries of 0 to 65535, found " + entry);
      }
    }
    entries = entries.clone();
  }

  /** The entry of a value; a fraction is cut off towards the entry before it. */
  public int entry(double value) {
    double index = value - firstMapped;
    // The comparison is false for what is no number, too.
    if (!(index > 0)) {
      return entries[0];
    }
    return entries[(int) Math.min(index, entries.length - 1)];
  }

  /** The largest value that entries of this depth can have. */
  public int full() {
    return (1 << bits) - 1;
  }

  @Override
  public String toString() {
    return "table of %d entries of %d bits from %d".formatted(entries.length, bits, firstMapped);
  }
}
