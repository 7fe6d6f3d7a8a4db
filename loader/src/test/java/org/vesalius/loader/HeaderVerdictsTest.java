package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vesalius.loader.HeaderVerdictsTest.Verdict.ACCEPTED;
import static org.vesalius.loader.HeaderVerdictsTest.Verdict.REFUSED;
import static org.vesalius.loader.HeaderVerdictsTest.Verdict.STRICTER;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Headers whose verdict was taken from safetensors 0.8.0 ({@code safetensors.deserialize} in
 * Python): ours is the same, or stricter where {@link SafetensorsHeader} says so.
 */
class HeaderVerdictsTest {
  enum Verdict {
    /** Both readers take it. */
    ACCEPTED,
    /** Both readers refuse it. */
    REFUSED,
    /** Only the reader of the format takes it. */
    STRICTER
  }

  record Case(String name, Verdict verdict, String header, int dataBytes) {
    Case braced() {
      return new Case(name, verdict, "{" + header + "}", dataBytes);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Case one(String name, Verdict verdict, String shape, String offsets, int bytes) {
    String header = "{'a':{'dtype':'F32','shape':" + shape + ",'data_offsets':" + offsets + "}}";
    return new Case(name, verdict, header, bytes);
  }

  private static String t(String name, String shape, int begin, int end) {
    return "'%s':{'dtype':'F32','shape':%s,'data_offsets':[%d,%d]}"
        .formatted(name, shape, begin, end);
  }

  static Stream<Case> cases() {
    String a = t("a", "[1]", 0, 4);
    String z = t("z", "[0]", 4, 4);
    String deep = "[".repeat(130) + "]".repeat(130);
    return Stream.of(
        new Case("no tensors", ACCEPTED, "{}", 0),
        new Case("no tensors, one byte", REFUSED, "{}", 1),
        new Case("spaces after", ACCEPTED, "{}      ", 0),
        new Case("other white space after", ACCEPTED, "{}\n\t\r ", 0),
        new Case("space before", STRICTER, " {}", 0),
        new Case("newline before", STRICTER, "\n{}", 0),
        new Case("zero bytes after", REFUSED, "{}\0\0", 0),
        new Case("letter after", REFUSED, "{}x", 0),
        new Case("second object", REFUSED, "{}{}", 0),
        new Case("byte order mark", REFUSED, "\uFEFF{}", 0),
        new Case("list", REFUSED, "[]", 0),
        new Case("null", REFUSED, "null", 0),
        new Case("comment", REFUSED, "{/*x*/}", 0),
        new Case("trailing comma", REFUSED, "{" + a + ",}", 4),
        new Case("lone surrogate", REFUSED, "{" + t("\\ud800", "[1]", 0, 4) + "}", 4),
        new Case("surrogate pair", ACCEPTED, "{" + t("\\ud83d\\ude00", "[1]", 0, 4) + "}", 4),
        new Case("escaped NUL in name", ACCEPTED, "{" + t("\\u0000", "[1]", 0, 4) + "}", 4),
        new Case("control character in name", REFUSED, "{" + t("\u0001", "[1]", 0, 4) + "}", 4),
        new Case("newline in name", REFUSED, "{" + t("a\nb", "[1]", 0, 4) + "}", 4),
        new Case("DEL in name", ACCEPTED, "{" + t("a\u007f", "[1]", 0, 4) + "}", 4),
        new Case("empty name", ACCEPTED, "{" + t("", "[1]", 0, 4) + "}", 4),
        new Case("same tensor twice", STRICTER, "{" + a + "," + a + "}", 4),
        new Case("metadata key twice", STRICTER, "{'__metadata__':{'x':'1','x':'2'}}", 0),
        new Case("metadata twice", REFUSED, "{'__metadata__':{},'__metadata__':{}}", 0),
        new Case("metadata null", ACCEPTED, "{'__metadata__':null}", 0),
        new Case("metadata number", REFUSED, "{'__metadata__':{'x':1}}", 0),
        new Case("metadata null value", REFUSED, "{'__metadata__':{'x':null}}", 0),
        new Case("metadata list", REFUSED, "{'__metadata__':[]}", 0),
        new Case("metadata nested", REFUSED, "{'__metadata__':{'x':{}}}", 0),
        new Case("metadata string", REFUSED, "{'__metadata__':'x'}", 0),
        new Case("metadata last", ACCEPTED, "{" + a + ",'__metadata__':{'format':'pt'}}", 4),
        new Case("unknown field", ACCEPTED, a.replace("}", ",'x':[1,{'y':null}]}"), 4).braced(),
        new Case("unknown field deep", REFUSED, a.replace("}", ",'x':" + deep + "}"), 4).braced(),
        new Case("unknown field 1e400", REFUSED, a.replace("}", ",'x':1e400}"), 4).braced(),
        new Case("tensor null", REFUSED, "{'a':null}", 0),
        new Case("tensor string", REFUSED, "{'a':'x'}", 0),
        new Case("tensor as list", STRICTER, "{'a':['F32',[1],[0,4]]}", 4),
        new Case("dtype as object", STRICTER, a.replace("'F32'", "{'F32':null}"), 4).braced(),
        new Case("dtype lower case", REFUSED, a.replace("F32", "f32"), 4).braced(),
        new Case("dtype null", REFUSED, a.replace("'F32'", "null"), 4).braced(),
        one("shape string", REFUSED, "'1'", "[0,4]", 4),
        one("shape 1.0", REFUSED, "[1.0]", "[0,4]", 4),
        one("shape 1e0", REFUSED, "[1e0]", "[0,4]", 4),
        one("shape -1", REFUSED, "[-1]", "[0,4]", 4),
        one("shape -0", REFUSED, "[-0]", "[0,0]", 0),
        one("shape 01", REFUSED, "[01]", "[0,4]", 4),
        one("shape null", REFUSED, "null", "[0,4]", 4),
        one("shape nested", REFUSED, "[[1]]", "[0,4]", 4),
        one("shape true", REFUSED, "[true]", "[0,4]", 4),
        one("shape 2^64", REFUSED, "[18446744073709551616]", "[0,4]", 4),
        one("scalar", ACCEPTED, "[]", "[0,4]", 4),
        one("no elements", ACCEPTED, "[0]", "[0,0]", 0),
        one("no elements, 2^62 wide", ACCEPTED, "[0,4611686018427387904]", "[0,0]", 0),
        one("no elements, 2^63 wide", STRICTER, "[0,9223372036854775808]", "[0,0]", 0),
        one("no elements, 2^64 before", REFUSED, "[9223372036854775808,2,0]", "[0,0]", 0),
        one("2^64 elements", REFUSED, "[9223372036854775808,2]", "[0,0]", 0),
        one("one offset", REFUSED, "[1]", "[4]", 4),
        one("three offsets", REFUSED, "[1]", "[0,4,4]", 4),
        one("offset 4.0", REFUSED, "[1]", "[0,4.0]", 4),
        one("offset -4", REFUSED, "[1]", "[-4,0]", 4),
        one("offsets reversed", REFUSED, "[1]", "[4,0]", 4),
        one("begin at 4", REFUSED, "[1]", "[4,8]", 8),
        one("end past the file", REFUSED, "[1]", "[0,4]", 3),
        one("byte after the end", REFUSED, "[1]", "[0,4]", 5),
        one("end at 2^64 - 1", REFUSED, "[1]", "[0,18446744073709551615]", 4),
        one("size is not shape x dtype", REFUSED, "[2]", "[0,4]", 4),
        new Case("hole", REFUSED, "{" + a + "," + t("b", "[1]", 8, 12) + "}", 12),
        new Case("overlap", REFUSED, "{" + a + "," + t("b", "[1]", 2, 6) + "}", 6),
        new Case("same place", REFUSED, "{" + a + "," + t("b", "[1]", 0, 4) + "}", 4),
        new Case("keys out of order", ACCEPTED, "{" + t("b", "[1]", 4, 8) + "," + a + "}", 8),
        new Case("empty between", ACCEPTED, "{" + z + "," + a + "," + t("b", "[1]", 4, 8) + "}", 8),
        new Case("empty at 0, last", ACCEPTED, "{" + a + "," + t("z", "[0]", 0, 0) + "}", 4),
        new Case("empty inside another", REFUSED, "{" + a + "," + t("z", "[0]", 2, 2) + "}", 4),
        new Case(
            "two empty at end", ACCEPTED, "{" + a + "," + z + "," + t("y", "[0]", 4, 4) + "}", 4),
        sub("F4", "[2]", 1, ACCEPTED),
        sub("F4", "[1]", 1, REFUSED),
        sub("F4", "[1]", 0, REFUSED),
        sub("F6_E2M3", "[4]", 3, ACCEPTED),
        sub("F6_E3M2", "[5]", 4, REFUSED));
  }

  private static Case sub(String dtype, String shape, int bytes, Verdict verdict) {
    String header = "{" + t("a", shape, 0, bytes).replace("F32", dtype) + "}";
    return new Case(dtype + " " + shape + " in " + bytes, verdict, header, bytes);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void verdict(Case c) {
    byte[] header = c.header().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    byte[] file = SafetensorsBytes.file(header, new byte[c.dataBytes()]);
    if (c.verdict() == ACCEPTED) {
      assertDoesNotThrow(() -> SafetensorsBytes.parse(file));
    } else {
      assertThrows(ModelFormatException.class, () -> SafetensorsBytes.parse(file));
    }
  }
}
