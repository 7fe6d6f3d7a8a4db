package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Random texts that look for trouble: every script, marks, emoji sequences, white space,
 * contractions, control tokens.
 */
final class RandomText {
  private static final List<String> MORSELS =
      List.of(
          " ",
          "  ",
          "   ",
          "\n",
          "\n\n",
          "\r\n",
          "\r",
          "\t",
          "\u00a0",
          "\u3000",
          "\u2028",
          "\u0085",
          "\u000b",
          "\u200b",
          "\u200d",
          "\ufeff",
          "'s",
          "'S",
          "'\u017f",
          "'t",
          "'RE",
          "'ve",
          "'m",
          "'ll",
          "'LL",
          "'d",
          "\u2019s",
          "'",
          "''",
          "the",
          " the",
          " patient",
          "The",
          "12",
          " 345",
          "0.9%",
          "3/4",
          "x\u0301",
          "e\u0301",
          "é",
          "É",
          "肺",
          "肺炎",
          "右下肺",
          " 肺",
          "\u0301",
          "\u0301\u0323",
          "\u0323\u0301",
          "\u0345\u0334",
          "👩🏽\u200d⚕️",
          "👨\u200d👩\u200d👧",
          "🇩🇪",
          "🫀",
          "½",
          "²",
          "Ⅻ",
          "٣",
          "०",
          "한국어",
          "\u1100\u1161\u11a8",
          "가\u11a8",
          "の",
          "か\u3099",
          "ﬁ",
          "ß",
          "ẞ",
          "İ",
          "ı",
          "\u212a",
          "\u2126",
          "\u212b",
          "ο\u0301\u0345",
          "שׁ",
          "نص",
          "ह\u093c",
          "\ufb1d",
          "𝛼",
          "𠀀",
          "\ud834\udd5e",
          "<|im_start|>",
          "<|im_end|>",
          "<|endoftext|>",
          "<|im_start",
          "<|vision_start|>",
          "<think>",
          "</think>",
          "<tool_call>",
          "<",
          "|>",
          "<<|im_end|>",
          "user\n",
          "assistant\n",
          "http://a.b/c?d=e&f",
          "x_1",
          "--",
          "...",
          "!?",
          "((",
          "{}",
          "\u0000",
          "\u007f",
          "\ufffd",
          "\u0897",
          "\ud804\udf82\ud804\udfc9",
          "\ud803\ude80",
          "\u2fa1",
          "\u2581",
          "\u2581\u2581",
          " \u2581",
          "<0x0A>",
          "<unk>",
          "<s>",
          "</s>",
          "[CLS]",
          "[UNK]",
          "##ing",
          "</w>",
          "ing",
          "unaffordable",
          "I.",
          " do not ",
          " n't",
          "e\u0308",
          "½\u0301",
          "ｶﾞ",
          "ﬃ",
          "㍿",
          "①",
          "Σ",
          "ς",
          "\u00ad",
          "\u0e33",
          "\u0600a",
          "\ud83c\udde9");

  private final RandomGenerator random;
  private final List<String> morsels;

  RandomText(long seed) {
    this(seed, List.of());
  }

  /**
   * @param tokens what is strewn in besides
   */
  RandomText(long seed, List<String> tokens) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    morsels = new ArrayList<>(MORSELS);
    // Few of many, so that a text is not all control tokens.
    for (int i = 0; i < Math.min(tokens.size(), MORSELS.size() / 3); i++) {
      morsels.add(tokens.get(random.nextInt(tokens.size())));
    }
  }

  /** Half surrogate pairs strewn into a text. */
  String torn(String text) {
    StringBuilder torn = new StringBuilder(text);
    for (int i = random.nextInt(3); i >= 0; i--) {
      torn.insert(random.nextInt(torn.length() + 1), (char) (0xD800 + random.nextInt(0x800)));
    }
    return torn.toString();
  }

  /** What the tokenizer reads in the place of half a pair, and JNI can carry. */
  static String mended(String text) {
    StringBuilder mended = new StringBuilder();
    text.codePoints().forEach(c -> mended.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
    return mended.toString();
  }

  RandomGenerator random() {
    return random;
  }

  /** Well-formed UTF-16 of up to about {@code most} code points. */
  String next(int most) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(most + 1);
    int flavour = random.nextInt(5);
    while (text.length() < length) {
      switch (flavour) {
        case 0 -> text.append(morsels.get(random.nextInt(morsels.size())));
        case 1 -> text.appendCodePoint(anyCodePoint());
        case 2 -> text.append((char) random.nextInt(0x80));
        case 3 -> text.appendCodePoint(neighbours());
        default -> {
          if (random.nextInt(3) == 0) {
            text.appendCodePoint(anyCodePoint());
          } else {
            text.append(morsels.get(random.nextInt(morsels.size())));
          }
        }
      }
    }
    return text.toString();
  }

  private int block;

  /** Code points of one block, as in a text of one script. */
  private int neighbours() {
    if (random.nextInt(20) == 0 || block == 0) {
      block = anyCodePoint() & ~0x3F;
    }
    int codePoint = block + random.nextInt(0x40);
    return valid(codePoint) ? codePoint : 'x';
  }

  private int anyCodePoint() {
    while (true) {
      int codePoint =
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(0x80);
            case 1 -> random.nextInt(0x3000);
            case 2 -> random.nextInt(0x10000);
            case 3 -> 0x10000 + random.nextInt(0x10000);
            case 4 -> 0x300 + random.nextInt(0x70);
            default -> random.nextInt(Character.MAX_CODE_POINT + 1);
          };
      if (valid(codePoint)) {
        return codePoint;
      }
    }
  }

  private static boolean valid(int codePoint) {
    return codePoint >= 0
        && codePoint <= Character.MAX_CODE_POINT
        && (codePoint < 0xD800 || codePoint > 0xDFFF);
  }
}
