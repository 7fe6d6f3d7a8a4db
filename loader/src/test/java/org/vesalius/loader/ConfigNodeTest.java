package org.vesalius.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Typed values, and for each way to be wrong the file, the path, expected and found. */
class ConfigNodeTest {
  @TempDir Path directory = Path.of("");

  static ConfigNode json(String json) {
    return ConfigNode.parse(
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), Path.of("config.json"));
  }

  private static void assertRefused(String message, Executable access) {
    assertEquals(
        "config.json: " + message, assertThrows(ModelFormatException.class, access).getMessage());
  }

  @Test
  void values() {
    ConfigNode node =
        json(
            "{'i':-7,'l':4294967296,'d':1e-06,'whole':3,'b':true,'s':'x','n':null,'o':{'p':{'q':1}},"
                + "'is':[1,2],'ds':[0.5,1],'ss':['a'],'os':[{'k':5}]}");
    assertEquals(-7, node.intValue("i"));
    assertEquals(4294967296L, node.longValue("l"));
    assertEquals(1e-6, node.doubleValue("d"));
    assertEquals(3.0, node.doubleValue("whole"));
    assertTrue(node.booleanValue("b"));
    assertEquals("x", node.string("s"));
    assertEquals(1, node.object("o").object("p").intValue("q"));
    assertArrayEquals(new int[] {1, 2}, node.ints("is"));
    assertArrayEquals(new int[] {1, 2}, node.intOrInts("is"));
    assertArrayEquals(new int[] {-7}, node.intOrInts("i"));
    assertArrayEquals(new double[] {0.5, 1}, node.doubles("ds"));
    assertEquals(List.of("a"), node.strings("ss"));
    assertEquals(5, node.objects("os").getFirst().intValue("k"));
    assertEquals("o.p", node.object("o").object("p").path());
    assertEquals("os[0]", node.objects("os").getFirst().path());
    assertEquals(Path.of("config.json"), node.object("o").file());
    assertEquals(12, node.keys().size());
    assertEquals("i", node.keys().iterator().next());
  }

  @Test
  void absentAndNullGiveTheDefault() {
    ConfigNode node = json("{'n':null}");
    for (String key : List.of("n", "missing")) {
      assertFalse(node.has(key));
      assertEquals(5, node.intValue(key, 5));
      assertEquals(5L, node.longValue(key, 5L));
      assertEquals(0.5, node.doubleValue(key, 0.5));
      assertTrue(node.booleanValue(key, true));
      assertEquals("d", node.string(key, "d"));
      assertEquals(Optional.empty(), node.optionalObject(key));
      assertEquals(Optional.empty(), node.optionalString(key));
      assertEquals(OptionalInt.empty(), node.optionalInt(key));
      assertEquals(OptionalDouble.empty(), node.optionalDouble(key));
    }
    assertTrue(node.isNull("n"));
    assertFalse(node.isNull("missing"));
  }

  @Test
  void missingKey() {
    ConfigNode inner = json("{'text_config':{'a':{}}}").object("text_config");
    assertRefused(
        "key \"text_config.hidden_size\": expected an integer, found no such key",
        () -> inner.intValue("hidden_size"));
    assertRefused(
        "key \"text_config.a.b\": expected an object, found no such key",
        () -> inner.object("a").object("b"));
    assertRefused("key \"n\": expected a string, found null", () -> json("{'n':null}").string("n"));
  }

  @Test
  void wrongType() {
    ConfigNode node = json("{'s':'12','i':1,'o':{},'l':[],'b':false}");
    assertRefused(
        "key \"s\": expected an integer of 32 bits, found the string \"12\"",
        () -> node.intValue("s"));
    assertRefused(
        "key \"s\": expected an integer of 32 bits, found the string \"12\"",
        () -> node.intValue("s", 3));
    assertRefused(
        "key \"o\": expected an integer of 64 bits, found an object", () -> node.longValue("o"));
    assertRefused("key \"b\": expected a finite number, found false", () -> node.doubleValue("b"));
    assertRefused("key \"i\": expected true or false, found 1", () -> node.booleanValue("i"));
    assertRefused("key \"i\": expected a string, found 1", () -> node.string("i"));
    assertRefused("key \"l\": expected an object, found a list", () -> node.object("l"));
    assertRefused("key \"l\": expected an object, found a list", () -> node.optionalObject("l"));
    assertRefused("key \"i\": expected a list of integers, found 1", () -> node.ints("i"));
    assertRefused(
        "key \"s\": expected an integer of 32 bits, found the string \"12\"",
        () -> node.intOrInts("s"));
    assertRefused(
        "key \"o\": expected a list of strings, found an object", () -> node.strings("o"));
  }

  @Test
  void wrongTypeInAList() {
    ConfigNode node = json("{'l':[1,'x'],'m':[1,null],'o':[{},{'k':[2.5]}]}");
    assertRefused(
        "key \"l[1]\": expected an integer of 32 bits, found the string \"x\"",
        () -> node.ints("l"));
    assertRefused("key \"m[1]\": expected a finite number, found null", () -> node.doubles("m"));
    assertRefused(
        "key \"o[1].k[0]\": expected an integer of 32 bits, found 2.5",
        () -> node.objects("o").get(1).ints("k"));
  }

  @Test
  void numbersOutOfRange() {
    ConfigNode node =
        json("{'i':2147483648,'l':9223372036854775808,'f':2.0,'h':1e400,'n':NaN,'p':Infinity}");
    assertRefused(
        "key \"i\": expected an integer of 32 bits, found 2147483648", () -> node.intValue("i"));
    assertRefused(
        "key \"l\": expected an integer of 64 bits, found 9223372036854775808",
        () -> node.longValue("l"));
    assertRefused("key \"f\": expected an integer of 32 bits, found 2.0", () -> node.intValue("f"));
    assertRefused(
        "key \"h\": expected a finite number, found Infinity", () -> node.doubleValue("h"));
    assertRefused("key \"n\": expected a finite number, found NaN", () -> node.doubleValue("n"));
    assertRefused(
        "key \"p\": expected a finite number, found Infinity", () -> node.doubleValue("p"));
  }

  @Test
  void errorOfACaller() {
    ModelFormatException e = json("{'a':{'b':1}}").object("a").error("b", "an even number", "1");
    assertEquals("config.json: key \"a.b\": expected an even number, found 1", e.getMessage());
  }

  private static void assertMalformed(byte[] bytes, String part) {
    String message =
        String.valueOf(
            assertThrows(
                    ModelFormatException.class,
                    () -> ConfigNode.parse(bytes, Path.of("config.json")))
                .getMessage());
    assertTrue(message.startsWith("config.json: JSON: ") && message.contains(part), message);
  }

  private static void assertMalformed(String json, String part) {
    assertMalformed(json.getBytes(StandardCharsets.UTF_8), part);
  }

  @Test
  void malformedFiles() {
    assertMalformed("", "expected an object, found nothing");
    assertMalformed("[]", "expected an object, found a list");
    assertMalformed("{", "strict JSON");
    assertMalformed("{} {}", "strict JSON");
    assertMalformed("{'a':1}", "strict JSON");
    assertMalformed("{\"a\":1,}", "strict JSON");
    assertMalformed("{/**/}", "strict JSON");
    assertMalformed("\uFEFF{}", "strict JSON");
    assertMalformed("{\"a\":{\"b\":1,\"b\":1}}", "every key once, found: Duplicate field 'b'");
    assertMalformed("[".repeat(200), "strict JSON");
    assertMalformed("{\"a\":" + "1".repeat(2000) + "}", "strict JSON");
    assertMalformed(
        new byte[] {'{', '"', (byte) 0xc0, (byte) 0x80},
        "expected UTF-8, found an invalid byte at offset 2");
    assertMalformed("{}".getBytes(StandardCharsets.UTF_16LE), "strict JSON");
    assertMalformed(new byte[] {'{', '}', (byte) 0xe2, (byte) 0x82}, "expected UTF-8");
  }

  @Test
  void missingFile() {
    Path file = directory.resolve("config.json");
    assertEquals(
        file + ": file: expected a JSON file, found no such file; is the download complete?",
        assertThrows(ModelFormatException.class, () -> ConfigNode.read(file)).getMessage());
    assertEquals(Optional.empty(), ConfigNode.readOptional(directory, "config.json"));
    SafetensorsBytes.write(file, "{\"a\":1}");
    assertEquals(1, ConfigNode.readOptional(directory, "config.json").orElseThrow().intValue("a"));
  }
}
