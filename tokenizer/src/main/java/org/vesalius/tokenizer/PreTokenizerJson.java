package org.vesalius.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Reads the pre-tokenizer of a tokenizer.json. */
final class PreTokenizerJson {
  private static final int DEFAULT_LENGTH = 5;

  private PreTokenizerJson() {}

  static PreTokenizer read(@Nullable JsonValue json) {
    if (json == null) {
      return new PreTokenizer.Whole();
    }
    JsonValue type = json.required("type");
    return switch (type.text()) {
      case "Split" -> {
        json.onlyFields("type", "pattern", "behavior", "invert");
        yield new SplitPreTokenizer(
            PatternJson.read(json.required("pattern")),
            PatternJson.behavior(json.required("behavior")),
            json.required("invert").flag());
      }
      case "ByteLevel" -> byteLevel(json);
      case "Metaspace" -> {
        json.onlyFields(
            "type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
        yield new MetaspacePreTokenizer(
            json.required("replacement").character(), scheme(json), json.flag("split", true));
      }
      case "BertPreTokenizer" -> {
        json.onlyFields("type");
        yield new BertPreTokenizer();
      }
      case "Whitespace" -> {
        json.onlyFields("type");
        yield new WhitespacePreTokenizer();
      }
      case "WhitespaceSplit" -> {
        json.onlyFields("type");
        yield at(CodePoints::isSpace, SplitPreTokenizer.Behavior.REMOVED);
      }
      case "Punctuation" -> {
        json.onlyFields("type", "behavior");
        JsonValue behavior = json.optional("behavior");
        yield at(
            OlderUnicode::isPunctuation,
            behavior == null
                ? SplitPreTokenizer.Behavior.ISOLATED
                : PatternJson.behavior(behavior));
      }
      case "CharDelimiterSplit" -> {
        json.onlyFields("type", "delimiter");
        int delimiter = json.required("delimiter").character().codePointAt(0);
        yield at(c -> c == delimiter, SplitPreTokenizer.Behavior.REMOVED);
      }
      case "Digits" -> {
        json.onlyFields("type", "individual_digits");
        yield new DigitsPreTokenizer(json.required("individual_digits").flag());
      }
      case "FixedLength" -> fixedLength(json);
      case "UnicodeScripts" -> {
        json.onlyFields("type");
        yield new UnicodeScriptsPreTokenizer();
      }
      case "Sequence" -> sequence(json);
      default ->
          throw type.unsupported(
              "Split, ByteLevel, Metaspace, BertPreTokenizer, Whitespace, WhitespaceSplit,"
                  + " Punctuation, CharDelimiterSplit, Digits, FixedLength, UnicodeScripts,"
                  + " Sequence");
    };
  }

  private static PreTokenizer at(IntPredicate member, SplitPreTokenizer.Behavior behavior) {
    return new SplitPreTokenizer(new SplitPattern.OneOf(member), behavior, false);
  }

  private static PreTokenizer byteLevel(JsonValue json) {
    json.onlyFields("type", "add_prefix_space", "trim_offsets", "use_regex");
    return new ByteLevelPreTokenizer(
        json.required("add_prefix_space").flag(),
        json.flag("use_regex", true)
            ? new SplitPreTokenizer(
                new RegexPattern(OnigurumaRegex.compile(ByteLevelPreTokenizer.GPT2_PATTERN)),
                SplitPreTokenizer.Behavior.ISOLATED,
                false)
            : null);
  }

  /** Files older than the schemes say whether a mark is put before, always or never. */
  static MetaspacePreTokenizer.Scheme scheme(JsonValue json) {
    boolean prefix = json.flag("add_prefix_space", true);
    JsonValue scheme = json.optional("prepend_scheme");
    if (scheme == null) {
      return prefix ? MetaspacePreTokenizer.Scheme.ALWAYS : MetaspacePreTokenizer.Scheme.NEVER;
    }
    List<String> labels = new ArrayList<>();
    for (MetaspacePreTokenizer.Scheme known : MetaspacePreTokenizer.Scheme.values()) {
      if (known.label().equals(scheme.text())) {
        if (!prefix && known != MetaspacePreTokenizer.Scheme.NEVER) {
          throw scheme.unsupported("never, beside add_prefix_space false");
        }
        return known;
      }
      labels.add(known.label());
    }
    throw scheme.unsupported(String.join(", ", labels));
  }

  private static PreTokenizer fixedLength(JsonValue json) {
    json.onlyFields("type", "length");
    JsonValue length = json.optional("length");
    if (length != null && length.id() == 0) {
      throw length.unsupported("1 or more");
    }
    return new FixedLengthPreTokenizer(length == null ? DEFAULT_LENGTH : length.id());
  }

  private static PreTokenizer sequence(JsonValue json) {
    json.onlyFields("type", "pretokenizers");
    List<PreTokenizer> steps = new ArrayList<>();
    for (JsonValue step : json.required("pretokenizers").elements()) {
      if (!steps.isEmpty() && endsInBytes(steps.getLast())) {
        throw step.unsupported("nothing after ByteLevel, which has turned text into bytes");
      }
      PreTokenizer next = read(step);
      if (next.asksForStart() && steps.stream().anyMatch(MetaspacePreTokenizer.class::isInstance)) {
        throw step.unsupported("no other Metaspace before one with prepend_scheme first");
      }
      steps.add(next);
    }
    return new PreTokenizerSequence(steps);
  }

  /** Whether the pieces stand for bytes. */
  static boolean endsInBytes(PreTokenizer preTokenizer) {
    return switch (preTokenizer) {
      case ByteLevelPreTokenizer _ -> true;
      case PreTokenizerSequence sequence ->
          !sequence.steps().isEmpty() && endsInBytes(sequence.steps().getLast());
      case SplitPreTokenizer _,
          DigitsPreTokenizer _,
          MetaspacePreTokenizer _,
          BertPreTokenizer _,
          WhitespacePreTokenizer _,
          FixedLengthPreTokenizer _,
          UnicodeScriptsPreTokenizer _,
          PreTokenizer.Whole _ ->
          false;
    };
  }
}
