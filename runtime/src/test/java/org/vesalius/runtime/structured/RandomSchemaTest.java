package org.vesalius.runtime.structured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.answer.AnswerFormat;

/** Random schemas, judged by a validator that is not ours. */
class RandomSchemaTest {
  private static final int SCHEMAS = 1_000;
  private static final int WALKS = 2;
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final SchemaRegistry VALIDATORS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  @Test
  void everyAnswerValidatesAndEveryDocumentIsAccepted() throws JsonProcessingException {
    TokenVocabulary vocabulary = Vocabularies.nasty();
    int documents = 0;
    for (int seed = 0; seed < SCHEMAS; seed++) {
      Random random = new Random(seed);
      RandomSchema source = new RandomSchema(random);
      Map<String, Object> schema = source.root();
      String where = "seed " + seed + ": " + JSON.writeValueAsString(schema);
      OutputConstraint constraint = compile(schema, vocabulary, where);
      Schema validator = validator(schema);
      for (int i = 0; i < WALKS; i++) {
        judge(validator, Walks.walk(constraint, vocabulary, random, 10 + 20 * i), where);
      }
      Object document = source.document(schema, schema, 0);
      String compact = JSON.writeValueAsString(document);
      judge(validator, compact, where);
      assertTrue(Walks.accepts(constraint, compact), where + "\nrefuses " + compact);
      String spaced = spaced(compact);
      assertTrue(Walks.accepts(constraint, spaced), where + "\nrefuses " + spaced);
      documents++;
    }
    assertEquals(SCHEMAS, documents);
  }

  /** A space after each colon and comma outside of strings, as Python writes it. */
  private static String spaced(String json) {
    StringBuilder text = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      text.append(c);
      if (quoted && c == '\\') {
        text.append(json.charAt(++i));
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == ':' || c == ',')) {
        text.append(' ');
      }
    }
    return text.toString();
  }

  @Test
  void masksAreExact() throws JsonProcessingException {
    TokenVocabulary vocabulary = Vocabularies.nasty();
    for (int seed = 5_000; seed < 5_060; seed++) {
      Random random = new Random(seed);
      Map<String, Object> schema = new RandomSchema(random).root();
      String where = "seed " + seed + ": " + JSON.writeValueAsString(schema);
      OutputConstraint constraint = compile(schema, vocabulary, where);
      OutputState state = constraint.start();
      for (int step = 0; step < 15 && !state.mustEnd(); step++) {
        Walks.assertExact(state, vocabulary, where + " step " + step);
        int[] ids = state.mask().ids();
        state.accept(ids[random.nextInt(ids.length)]);
      }
    }
  }

  @Test
  void answersOfARealTokenizerValidate() throws JsonProcessingException {
    TokenVocabulary vocabulary =
        TokenVocabulary.of(Vocabularies.real("qwen3"), AnswerFormat.QWEN3.marks());
    for (int seed = 9_000; seed < 9_040; seed++) {
      Random random = new Random(seed);
      Map<String, Object> schema = new RandomSchema(random).root();
      String where = "seed " + seed + ": " + JSON.writeValueAsString(schema);
      OutputConstraint constraint = compile(schema, vocabulary, where);
      Schema validator = validator(schema);
      judge(validator, Walks.walk(constraint, vocabulary, random, 15), where);
    }
  }

  private static OutputConstraint compile(
      Map<String, Object> schema, TokenVocabulary vocabulary, String where) {
    try {
      return OutputConstraint.compile(new ResponseFormat.JsonSchema(schema), vocabulary);
    } catch (UnsupportedFormatException e) {
      throw new AssertionError(where, e);
    }
  }

  /**
   * With decimal bounds: the validator throws where it compares 1e40 with a bound that is an
   * integer, even in a branch that another one makes up for.
   */
  private static Schema validator(Map<String, Object> schema) throws JsonProcessingException {
    JsonNode judged = JSON.valueToTree(schema);
    for (String bound : List.of("minimum", "maximum", "exclusiveMaximum")) {
      for (JsonNode parent : judged.findParents(bound)) {
        ((ObjectNode) parent).put(bound, parent.get(bound).doubleValue());
      }
    }
    return VALIDATORS.getSchema(JSON.writeValueAsString(judged), InputFormat.JSON);
  }

  private static void judge(Schema validator, String answer, String where)
      throws JsonProcessingException {
    JSON.readTree(answer);
    var errors =
        validator.validate(
            answer,
            InputFormat.JSON,
            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
    assertEquals(List.of(), errors, () -> where + "\nanswer " + answer);
  }
}
