package org.vesalius.clinical.trace;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a trace's file: a first one that names the format, an entry in each of the next, a
 * last one with the signature.
 *
 * @param entries what is hashed of each entry's line, with the hash that the line says
 * @param signature of the last hash; empty where there is none
 */
record TraceLines(List<Entry> entries, Optional<TraceSignature> signature) {
  private static final String HEADER =
      "{\"format\":\"%s\",\"version\":%d,\"entries\":["
          .formatted(TraceFile.FORMAT, TraceFile.VERSION);
  private static final String FOOTER = "],\"signature\":";
  private static final String HASH = ",\"hash\":\"";
  private static final int HEX = 64;
  private static final Pattern END = Pattern.compile(HASH + "[0-9a-f]{" + HEX + "}\"}");
  private static final int SUFFIX = HASH.length() + HEX + 2;
  private static final Pattern OTHER_VERSION =
      Pattern.compile("\\{\"format\":\"" + TraceFile.FORMAT + "\",\"version\":([0-9]{1,9}),.*");

  /** The entry's number in the file is 2 less than its line's. */
  static final int FIRST_LINE = 2;

  /**
   * A line of an entry.
   *
   * @param json the entry without its hash
   * @param hash that the line says
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares lines, and copies are large
  record Entry(byte[] json, String hash) {

    /** The hash that it should say. */
    String chained(String previous) {
      MessageDigest sha = Sha256.digest();
      sha.update((previous + "\n").getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(sha.digest(json));
    }
  }

  /** What stands for the hash before the first. */
  static String seed() {
    return TraceFile.FORMAT + " " + TraceFile.VERSION;
  }

  /** Lines of a trace, unsigned. */
  static TraceLines of(DecisionTrace trace) {
    List<Entry> entries = new ArrayList<>(trace.entries().size());
    String previous = seed();
    for (TraceEntry entry : trace.entries()) {
      byte[] json = TraceJson.text(EntryWriter.write(entry)).getBytes(StandardCharsets.US_ASCII);
      previous = new Entry(json, "").chained(previous);
      entries.add(new Entry(json, previous));
    }
    return new TraceLines(entries, Optional.empty());
  }

  TraceLines signed(Optional<TraceSignature> by) {
    return new TraceLines(entries, by);
  }

  String lastHash() {
    return entries.isEmpty() ? seed() : entries.getLast().hash();
  }

  /** The file. */
  byte[] bytes() {
    String last = FOOTER + TraceJson.text(signature.map(TraceSignature::json).orElse(null)) + "}\n";
    long size = HEADER.length() + 1L + last.length();
    for (Entry entry : entries) {
      size += entry.json().length + SUFFIX + 1L;
    }
    if (size > TraceFile.MAX_BYTES) {
      throw new IllegalArgumentException(
          "expected a trace of at most %d bytes, found %d: keep fewer or smaller pictures in it"
              .formatted(TraceFile.MAX_BYTES, size));
    }
    Output out = new Output((int) size);
    out.add(HEADER + "\n");
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      out.add(entry.json(), entry.json().length - 1);
      out.add(HASH + entry.hash() + "\"}" + (i == entries.size() - 1 ? "\n" : ",\n"));
    }
    out.add(last);
    return out.bytes();
  }

  /** An array that is filled. */
  private static final class Output {
    private final byte[] bytes;
    private int size;

    Output(int capacity) {
      bytes = new byte[capacity];
    }

    void add(byte[] from, int length) {
      System.arraycopy(from, 0, bytes, size, length);
      size += length;
    }

    void add(String ascii) {
      byte[] from = ascii.getBytes(StandardCharsets.US_ASCII);
      add(from, from.length);
    }

    byte[] bytes() {
      return Arrays.copyOf(bytes, size);
    }
  }

  /**
   * Lines of a file.
   *
   * @throws TraceFormatException if they are not as a trace has them
   */
  static TraceLines parse(byte[] file, String origin) {
    int[] ends = lineEnds(file);
    String first = text(file, 0, ends.length == 0 ? file.length : ends[0]);
    if (!first.equals(HEADER)) {
      Matcher other = OTHER_VERSION.matcher(first);
      throw new TraceFormatException(
          origin,
          1,
          other.matches()
              ? "expected version %d, found %s".formatted(TraceFile.VERSION, other.group(1))
              : "expected %s, found something else".formatted(HEADER));
    }
    if (ends.length < FIRST_LINE || ends[ends.length - 1] != file.length - 1) {
      throw new TraceFormatException(
          origin, ends.length + 1, "expected a line that is ended, found the end of the file");
    }
    List<Entry> entries = new ArrayList<>(ends.length - FIRST_LINE);
    for (int i = 1; i < ends.length - 1; i++) {
      int end = i == ends.length - 2 ? ends[i] : ends[i] - 1; // without the comma
      if (end < ends[i] && file[end] != ',') {
        throw new TraceFormatException(origin, i + 1, "expected a comma at the end of the entry");
      }
      entries.add(entry(file, ends[i - 1] + 1, end, origin, i + 1));
    }
    int last = ends.length - 1;
    return new TraceLines(
        entries, signature(file, ends[last - 1] + 1, ends[last], origin, ends.length));
  }

  private static int[] lineEnds(byte[] file) {
    int[] ends = new int[16];
    int count = 0;
    for (int i = 0; i < file.length; i++) {
      if (file[i] == '\n') {
        ends = count == ends.length ? Arrays.copyOf(ends, 2 * count) : ends;
        ends[count++] = i;
      }
    }
    return Arrays.copyOf(ends, count);
  }

  private static Entry entry(byte[] file, int from, int to, String origin, int line) {
    int hash = to - SUFFIX;
    if (hash <= from || !END.matcher(text(file, hash, to)).matches()) {
      throw new TraceFormatException(
          origin, line, "expected an entry that ends with a hash of 64 digits, found another end");
    }
    byte[] json = Arrays.copyOfRange(file, from, hash + 1);
    json[json.length - 1] = '}';
    return new Entry(json, text(file, hash + HASH.length(), to - 2));
  }

  private static Optional<TraceSignature> signature(
      byte[] file, int from, int to, String origin, int line) {
    int start = from + FOOTER.length();
    if (start >= to || !text(file, from, start).equals(FOOTER) || file[to - 1] != '}') {
      throw new TraceFormatException(
          origin,
          line,
          "expected %s and a signature or null, found something else".formatted(FOOTER));
    }
    Object json = TraceJson.value(Arrays.copyOfRange(file, start, to - 1), origin, line);
    return json == null ? Optional.empty() : Optional.of(signature(json, origin, line));
  }

  private static TraceSignature signature(@Nullable Object json, String origin, int line) {
    try {
      return TraceSignature.of(JsonMembers.of("signature", json));
    } catch (JsonMembers.Unexpected e) {
      throw new TraceFormatException(origin, line, String.valueOf(e.getMessage()));
    }
  }

  /** The entry of a line. */
  static TraceEntry read(Entry entry, String origin, int line) {
    Object json = TraceJson.value(entry.json(), origin, line);
    if (json instanceof Map<?, ?> map && map.containsKey("hash")) {
      throw new TraceFormatException(origin, line, "expected one hash, found several");
    }
    try {
      return EntryReader.read(json);
    } catch (JsonMembers.Unexpected e) {
      throw new TraceFormatException(origin, line, String.valueOf(e.getMessage()));
    }
  }

  /** Bytes as they are: those beyond ASCII equal nothing that a trace has. */
  private static String text(byte[] file, int from, int to) {
    return new String(file, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
