package org.vesalius.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "run",
        "report",
        "trace",
        "view",
        "inspect",
        "quantize",
        "bench",
        "tokenize",
        "entities",
        "doctor"
      })
  void everyCommandHasHelp(String command) {
    Execution help = Execution.of(command, "--help").expect(0);
    assertTrue(help.out().startsWith("Usage: vesalius " + command), help.out());
    assertEquals("", help.err());
    help.expectPlain();
  }

  @Test
  void helpListsTheCommands() {
    String help = Execution.of("--help").expect(0).out();
    for (String command :
        new String[] {
          "demo",
          "run",
          "report",
          "trace",
          "view",
          "inspect",
          "quantize",
          "bench",
          "tokenize",
          "entities",
          "doctor"
        }) {
      assertTrue(help.contains("\n  " + command), help);
    }
  }

  @Test
  void versionIsOneLine() {
    assertEquals(1, Execution.of("--version").expect(0).out().lines().count());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "frobnicate",
        "run",
        "run --model x",
        "run --model x --prompt",
        "run --model x --prompt y --unknown",
        "run --model x --prompt y --messages z",
        "run --model x --messages z --image a.png",
        "run --model x --messages z --system s",
        "run --model x --prompt y --max-tokens 0",
        "run --model x --prompt y --max-tokens many",
        "run --model x --prompt y --temperature -1",
        "run --model x --prompt y --top-p 2",
        "run --model x --prompt y --top-k -1",
        "run --model x --prompt y --min-p 1.5",
        "run --model x --prompt y --repetition-penalty 0",
        "run --model x --prompt y --logprobs 101",
        "run --model x --prompt y --threads 0",
        "run --model x --prompt y --context 0",
        "run --model x --prompt y --backend abacus",
        "run --model x --prompt y --device -1",
        "run --model x --prompt y --device one",
        "run --model x --prompt y --device 0 --backend simd",
        "run --model x --prompt y --kv-cache fp4",
        "run --model x --prompt y --format xml",
        "inspect",
        "inspect a b",
        "quantize a",
        "quantize a b",
        "quantize a b --weights bf16",
        "quantize a b --weights q4",
        "quantize a b --weights int8 --threads 0",
        "run --model x --prompt y --weights q4",
        "bench",
        "bench --model x --image-size 672",
        "bench --model x --image-size 0x10",
        "bench --model x --prompt-tokens 0",
        "bench --model x --decode-tokens 1",
        "tokenize --model x",
        "tokenize --model x --text a --jsonl",
        "entities",
        "entities --text a",
        "entities --dictionary a.csv --columns id",
        "entities --dictionary a.csv --text a --jsonl b",
        "entities --dictionary a.csv --text a --field b",
        "entities --dictionary a.csv --text a --branches 1",
        "entities --dictionary a.csv --text a --coverage --branches 6",
        "entities --dictionary a.csv --text a --coverage --all",
        "doctor now"
      })
  void badUsageIsOneLineAndExitCode2(String line) {
    String[] args = line.isEmpty() ? new String[0] : line.split(" ", -1);
    String error = Execution.of(args).errorLine(Vesalius.BAD_USAGE);
    assertTrue(error.startsWith("vesalius: "), error);
    assertTrue(error.endsWith(" --help"), error);
  }

  @Test
  void badUsageNamesWhatWasExpected() {
    String backend =
        Execution.of("run", "--model", "x", "--prompt", "y", "--backend", "abacus").errorLine(2);
    assertTrue(backend.contains("auto, ") && backend.contains("reference"), backend);
    String cache =
        Execution.of("run", "--model", "x", "--prompt", "y", "--kv-cache", "f16").errorLine(2);
    assertTrue(cache.contains("f32, bf16 or int8"), cache);
    String device =
        Execution.of("bench", "--model", "x", "--device", "0", "--backend", "reference")
            .errorLine(2);
    assertTrue(device.contains("--device: the backend reference has no devices"), device);
    String size = Execution.of("bench", "--model", "x", "--image-size", "672").errorLine(2);
    assertTrue(size.contains("672x672"), size);
  }
}
