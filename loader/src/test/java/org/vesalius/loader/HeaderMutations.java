package org.vesalius.loader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Valid small safetensors files, and such files with one to four injuries. */
final class HeaderMutations {
  private static final List<DType> DTYPES = List.of(DType.values());
  private static final List<String> TOKENS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          "\\ud800",
          "null",
          "true",
          "NaN",
          "-1",
          "-0",
          "0",
          "1",
          "1.0",
          "1e3",
          "1e400",
          "01",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551615",
          "4294967296",
          "\"a\"",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"__metadata__\"",
          "\"F32\"",
          "\"F4\"",
          "\"Q4_0\"",
          "{}",
          "[]",
          "[[[[[[[[",
          "{\"a\":",
          " ",
          "\n",
          "\t",
          "\0",
          "\uFEFF",
          "\u00e9",
          "\"x\":\"y\",",
          "\"x\":1,",
          "/*",
          "//",
          "'");

  private HeaderMutations() {}

  /** A file that is damaged, or in one of sixteen cases is not. */
  static byte[] file(SplittableRandom random) {
    byte[] file = validFile(random);
    int injuries = random.nextInt(16) == 0 ? 0 : 1 + random.nextInt(4);
    for (int i = 0; i < injuries; i++) {
      file = injured(file, random);
    }
    return file;
  }

  private static byte[] validFile(SplittableRandom random) {
    StringBuilder json = new StringBuilder("{");
    if (random.nextBoolean()) {
      json.append("\"__metadata__\":{\"format\":\"pt\",\"k\":\"\u00e9\\n\"},");
    }
    long position = 0;
    int tensors = random.nextInt(5);
    List<String> members = new ArrayList<>();
    for (int i = 0; i < tensors; i++) {
      DType dtype = DTYPES.get(random.nextInt(DTYPES.size()));
      int rows = random.nextInt(4);
      long bytes = rows * 4L * dtype.bitSize() / 8;
      members.add(
          SafetensorsBytes.tensor(
              "layers." + i + ".weight",
              dtype.name(),
              "[" + rows + ",4]",
              position,
              position + bytes));
      position += bytes;
    }
    json.append(String.join(",", members));
    if (json.charAt(json.length() - 1) == ',') {
      json.setLength(json.length() - 1);
    }
    json.append("}").append(" ".repeat(random.nextInt(9)));
    return SafetensorsBytes.file(json.toString(), (int) position);
  }

  private static byte[] injured(byte[] file, SplittableRandom random) {
    if (file.length < 10) {
      return file;
    }
    int headerLength =
        Math.clamp(
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0), 0, file.length - 8);
    int at = 8 + random.nextInt(headerLength + 1);
    return switch (random.nextInt(9)) {
      case 0 -> withByte(file, Math.min(at, file.length - 1), (byte) random.nextInt(256));
      case 1 -> {
        int target = Math.min(at, file.length - 1);
        yield withByte(file, target, (byte) (file[target] ^ (1 << random.nextInt(8))));
      }
      case 2 -> replaced(file, at, 0, token(random));
      case 3 ->
          replaced(
              file, at, Math.min(1 + random.nextInt(12), 8 + headerLength - at), token(random));
      case 4 ->
          replaced(file, at, Math.min(1 + random.nextInt(30), 8 + headerLength - at), new byte[0]);
      case 5 -> {
        int length = Math.min(random.nextInt(80), 8 + headerLength - at);
        yield replaced(file, at, 0, Arrays.copyOfRange(file, at, at + length));
      }
      case 6 -> Arrays.copyOf(file, random.nextInt(file.length));
      case 7 -> Arrays.copyOf(file, file.length + 1 + random.nextInt(8));
      default -> withByte(file, random.nextInt(8), (byte) random.nextInt(256));
    };
  }

  private static byte[] token(SplittableRandom random) {
    return random.nextInt(3) == 0
        ? Integer.toString(random.nextInt(200)).getBytes(StandardCharsets.UTF_8)
        : TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] withByte(byte[] file, int at, byte value) {
    byte[] changed = file.clone();
    changed[at] = value;
    return changed;
  }

  /** Replaces bytes of the header; mostly the length field follows, so that the JSON is reached. */
  private static byte[] replaced(byte[] file, int at, int length, byte[] by) {
    ByteBuffer changed =
        ByteBuffer.allocate(file.length - length + by.length).order(ByteOrder.LITTLE_ENDIAN);
    changed.put(file, 0, at).put(by).put(file, at + length, file.length - at - length);
    long old = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    return changed.putLong(0, old - length + by.length).array();
  }
}
