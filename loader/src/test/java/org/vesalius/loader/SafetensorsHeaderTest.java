package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vesalius.loader.SafetensorsBytes.file;
import static org.vesalius.loader.SafetensorsBytes.tensor;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One rule of the header, one test, one message that names file, place, expected and found. */
class SafetensorsHeaderTest {
  private static void assertRefused(byte[] file, String... parts) {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> SafetensorsBytes.parse(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("a.safetensors: "), message);
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "\"" + part + "\" is not in: " + message);
    }
  }

  private static void assertRefused(String header, int dataBytes, String... parts) {
    assertRefused(file(header, dataBytes), parts);
  }

  private static final String A = tensor("a", "F32", "[1]", 0, 4);

  @Test
  void readsNamesTypesShapesPlacesAndMetadata() {
    SafetensorsHeader header =
        SafetensorsBytes.parse(
            file(
                "{"
                    + tensor("b", "BF16", "[2,3]", 4, 16)
                    + ",\"__metadata__\":{\"format\":\"pt\",\"k\":\"v\"},"
                    + A
                    + "}  ",
                16));
    assertEquals(Map.of("format", "pt", "k", "v"), header.metadata());
    assertEquals(
        List.of(
            new SafetensorsHeader.Entry("a", DType.F32, List.of(1L), 0, 4),
            new SafetensorsHeader.Entry("b", DType.BF16, List.of(2L, 3L), 4, 16)),
        header.entries());
  }

  @Test
  void fileBelowEightBytes() {
    assertRefused(new byte[7], "header: expected at least 8 bytes, found a file of 7 bytes");
    assertRefused(new byte[0], "found a file of 0 bytes");
  }

  @Test
  void headerLengthAboveTheCap() {
    assertRefused(
        file(100_000_001, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]),
        "header length: expected at most 100000000 bytes, found 100000001");
  }

  @Test
  void headerLengthIsUnsigned() {
    assertRefused(
        file(-1, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]), "found 18446744073709551615");
  }

  @Test
  void headerLengthBeyondTheFile() {
    assertRefused(
        file(3, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]),
        "header length: expected at most the 2 bytes that follow in the file, found 3");
  }

  @Test
  void headerWithoutBytes() {
    assertRefused(file("", 0), "header: expected a JSON object, found no bytes");
  }

  @Test
  void firstByteIsNotABrace() {
    assertRefused(" {}", 0, "header: expected '{' as its first byte, found 0x20");
    assertRefused("\uFEFF{}", 0, "found 0xef");
    assertRefused("[]", 0, "found 0x5b");
  }

  @Test
  void invalidUtf8() {
    byte[] header = ("{" + A + "}").getBytes(StandardCharsets.UTF_8);
    header[2] = (byte) 0xff;
    assertRefused(
        file(header, new byte[4]), "header: expected UTF-8, found an invalid byte at offset 2");
  }

  @Test
  void malformedJson() {
    assertRefused("{" + A + ",}", 4, "expected strict JSON (RFC 8259)", "at character");
    assertRefused("{/**/}", 0, "strict JSON");
    assertRefused("{\"a\":NaN}", 0, "strict JSON", "found: Non-standard token 'NaN' at character");
  }

  @Test
  void truncatedJson() {
    assertRefused("{" + A, 0, "strict JSON", "end-of-input");
  }

  @Test
  void contentAfterTheObject() {
    assertRefused("{}{}", 0, "nothing but white space after the JSON object, found an object");
    assertRefused("{}\0\0", 0, "strict JSON");
  }

  @Test
  void duplicateTensor() {
    assertRefused(
        "{" + A + "," + tensor("a", "I32", "[1]", 0, 4) + "}",
        4,
        "expected every key once, found: Duplicate field 'a'");
  }

  @Test
  void duplicateField() {
    assertRefused(
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        4,
        "tensor \"a\": expected every key once, found: Duplicate field 'dtype'");
  }

  @Test
  void duplicateMetadataKey() {
    assertRefused(
        "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}", 0, "__metadata__", "Duplicate field 'x'");
  }

  @Test
  void metadataIsAnObjectOfStrings() {
    assertRefused(
        "{\"__metadata__\":[]}", 0, "__metadata__: expected an object of strings, found a list");
    assertRefused("{\"__metadata__\":{\"x\":1}}", 0, "expected a string for key \"x\", found 1");
  }

  @Test
  void halfASurrogatePair() {
    for (String half : List.of("\\ud800", "x\\ud800y", "\\udc00", "\\ud800\\ud800")) {
      assertRefused("{" + tensor(half, "F32", "[1]", 0, 4) + "}", 4, "surrogate");
      assertRefused("{\"__metadata__\":{\"k\":\"" + half + "\"}}", 0, "surrogate");
    }
  }

  @Test
  void tensorIsAnObject() {
    assertRefused(
        "{\"a\":[\"F32\",[1],[0,4]]}", 4, "tensor \"a\": expected an object with", "a list");
    assertRefused("{\"a\":null}", 0, "found null");
  }

  @Test
  void missingField() {
    assertRefused(
        "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "expected the field \"dtype\"");
    assertRefused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "the field \"shape\"");
    assertRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "the field \"data_offsets\"");
  }

  @Test
  void unknownDTypeIsRefusedByName() {
    assertRefused(
        "{" + tensor("a", "F8_E4M3FN", "[1]", 0, 1) + "}",
        1,
        "tensor \"a\": expected dtype to be one of [BOOL, F4,",
        "found \"F8_E4M3FN\"");
    assertRefused("{" + tensor("a", "f32", "[1]", 0, 4) + "}", 4, "found \"f32\"");
  }

  @Test
  void dtypeIsAString() {
    assertRefused(
        "{\"a\":{\"dtype\":3,\"shape\":[1],\"data_offsets\":[0,4]}}",
        4,
        "tensor \"a\": expected a string for \"dtype\", found 3");
  }

  @Test
  void shapeHoldsWholeNumbers() {
    assertRefused("{" + tensor("a", "F32", "\"1\"", 0, 4) + "}", 4, "a list for \"shape\"");
    assertRefused(
        "{" + tensor("a", "F32", "[1.0]", 0, 4) + "}", 4, "whole numbers in \"shape\", found 1.0");
    assertRefused(
        "{" + tensor("a", "F32", "[-1]", 0, 4) + "}",
        4,
        "no negative number in \"shape\", found -1");
    assertRefused("{" + tensor("a", "F32", "[-0]", 0, 0) + "}", 0, "no negative number");
    assertRefused(
        "{" + tensor("a", "F32", "[9223372036854775808]", 0, 4) + "}",
        4,
        "numbers below 2^63 in \"shape\"");
  }

  @Test
  void shapeOfTooManyDimensions() {
    String ones = IntStream.range(0, 65).mapToObj(i -> "1").collect(Collectors.joining(","));
    assertRefused(
        "{" + tensor("a", "U8", "[" + ones + "]", 0, 1) + "}",
        1,
        "at most 64 numbers in \"shape\"");
    SafetensorsHeader header =
        SafetensorsBytes.parse(
            file("{" + tensor("a", "U8", "[" + ones.substring(2) + "]", 0, 1) + "}", 1));
    assertEquals(64, header.entries().getFirst().shape().size());
  }

  @Test
  void offsetsAreTwoNumbers() {
    String start = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":";
    assertRefused(
        start + "[4]}}", 4, "tensor \"a\": expected two numbers in \"data_offsets\", found 1");
    assertRefused(start + "[0,4,4]}}", 4, "at most 2 numbers in \"data_offsets\"");
    assertRefused(start + "[0,4.0]}}", 4, "whole numbers in \"data_offsets\", found 4.0");
    assertRefused(start + "[-4,0]}}", 4, "no negative number in \"data_offsets\"");
    assertRefused(start + "null}}", 4, "a list for \"data_offsets\", found null");
  }

  @Test
  void offsetsInReverse() {
    assertRefused(
        "{" + tensor("a", "F32", "[1]", 4, 0) + "}",
        4,
        "tensor \"a\"",
        "begin <= end, found [4, 0]");
  }

  @Test
  void sizeDiffersFromShapeTimesDType() {
    assertRefused(
        "{" + tensor("a", "F32", "[2]", 0, 4) + "}",
        4,
        "tensor \"a\": expected 8 bytes for shape [2] of F32, found 4 in data_offsets [0, 4]");
  }

  @Test
  void sizeOverflows() {
    assertRefused(
        "{" + tensor("a", "F32", "[4611686018427387904,4]", 0, 0) + "}",
        0,
        "a size that fits into 64 bits");
    assertRefused(
        "{" + tensor("a", "F64", "[1152921504606846976]", 0, 0) + "}",
        0,
        "a size that fits into 64 bits");
  }

  @Test
  void subByteElementsFillWholeBytes() {
    assertRefused(
        "{" + tensor("a", "F4", "[3]", 0, 2) + "}",
        2,
        "fills whole bytes, found shape [3] of F4, 12 bits");
    assertRefused("{" + tensor("a", "F6_E3M2", "[5]", 0, 4) + "}", 4, "30 bits");
  }

  @Test
  void hole() {
    assertRefused(
        "{" + A + "," + tensor("b", "F32", "[1]", 8, 12) + "}",
        12,
        "tensor \"b\": expected data_offsets to begin at 4, where \"a\" ends, found 8 (a hole)");
  }

  @Test
  void holeBeforeTheFirstTensor() {
    assertRefused(
        "{" + tensor("a", "F32", "[1]", 4, 8) + "}",
        8,
        "tensor \"a\": expected data_offsets to begin at 0, where the data begins, found 4 (a hole)");
  }

  @Test
  void overlap() {
    assertRefused(
        "{" + A + "," + tensor("b", "F32", "[1]", 2, 6) + "}",
        6,
        "tensor \"b\": expected data_offsets to begin at 4, where \"a\" ends, found 2 (an overlap)");
    assertRefused("{" + A + "," + tensor("b", "F32", "[1]", 0, 4) + "}", 4, "(an overlap)");
  }

  @Test
  void dataTruncated() {
    assertRefused(
        "{" + A + "}",
        3,
        "tensor \"a\": expected data_offsets to end within the 3 bytes of data in the file, found 4");
  }

  @Test
  void dataAfterTheLastTensor() {
    assertRefused(
        "{" + A + "}",
        5,
        "data after tensor \"a\": expected the file to end at byte 4 of the data, found 1 more bytes");
    assertRefused(
        "{}", 1, "data: expected the file to end at byte 0 of the data, found 1 more bytes");
  }

  @Test
  void messagesQuoteHostileNamesOnOneLine() {
    String name = "\\u0007\\n" + "x".repeat(500);
    ModelFormatException e =
        assertThrows(
            ModelFormatException.class,
            () -> SafetensorsBytes.parse(file("{" + tensor(name, "F33", "[1]", 0, 4) + "}", 4)));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains("\\u0007\\n"), message);
    assertTrue(message.length() < 600 && message.lines().count() == 1, message);
  }

  @Test
  void aStartThatIsTooShortIsTheCallersFault() {
    byte[] bytes = file("{" + A + "}", 4);
    Path name = Path.of("a.safetensors");
    assertAll(
        () ->
            assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsHeader.parse(ByteBuffer.wrap(bytes, 0, 20), bytes.length, name)),
        () ->
            assertEquals(
                1,
                SafetensorsHeader.parse(
                        ByteBuffer.wrap(bytes, 0, bytes.length - 4), bytes.length, name)
                    .entries()
                    .size()));
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyDTypeHasItsSize(DType dtype) {
    int bytes = dtype.bitSize();
    SafetensorsHeader header =
        SafetensorsBytes.parse(file("{" + tensor("a", dtype.name(), "[8]", 0, bytes) + "}", bytes));
    assertEquals(dtype, header.entries().getFirst().dtype());
    assertEquals(dtype, DType.of(dtype.name()));
  }

  @Test
  void dtypesOfTheFormat() {
    // What safetensors 0.8.0 lists when it refuses an unknown type.
    assertEquals(
        "BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16"
            + " BF16 I32 U32 F32 C64 F64 I64 U64",
        Stream.of(DType.values()).map(DType::name).collect(Collectors.joining(" ")));
    ModelFormatException e = assertThrows(ModelFormatException.class, () -> DType.of("I4"));
    assertTrue(String.valueOf(e.getMessage()).contains("found \"I4\""), e.getMessage());
  }
}
