package org.vesalius.runtime.structured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.runtime.ResponseFormat;

/** Formats by hand: what they accept, and what is refused. */
class OutputConstraintTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final TokenVocabulary vocabulary = Vocabularies.nasty();

  private OutputConstraint schema(String json) {
    try {
      Map<String, Object> map = JSON.readValue(json, new TypeReference<>() {});
      return OutputConstraint.compile(new ResponseFormat.JsonSchema(map), vocabulary);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "{'type':'null'} ~ null ~ true",
        "{'type':['null','integer']} ~ -12 ~ 1.5",
        "{'type':'integer'} ~ 0 ~ -0",
        "{'type':'integer'} ~ 99999999999999999999 ~ 123456789012345678901",
        "{'type':'number'} ~ -0.5e+10 ~ 1.",
        "{'type':'number'} ~ 1E5 ~ 01",
        "{'type':'integer','minimum':3,'maximum':12} ~ 12 ~ 13",
        "{'type':'integer','minimum':3,'maximum':12} ~ 3 ~ 2",
        "{'type':'integer','exclusiveMinimum':-5,'exclusiveMaximum':5} ~ -4 ~ -5",
        "{'type':'number','exclusiveMinimum':0.5} ~ 0.50001 ~ 0.5",
        "{'type':'number','maximum':-1.25} ~ -1.25 ~ -1.2",
        "{'type':'number','minimum':0,'maximum':1} ~ 1.000 ~ 1.0001",
        "{'type':'integer','multipleOf':7} ~ -21 ~ 22",
        "{'type':'number','multipleOf':0.25} ~ 3.75 ~ 3.7",
        "{'type':'integer','multipleOf':100} ~ 0 ~ 150",
        "{'enum':['a',1,null,[1]]} ~ [1] ~ [2]",
        "{'enum':['a',1,null],'type':'string'} ~ 'a' ~ 1",
        "{'const':{'k':'v'}} ~ {'k':'v'} ~ {'k':'w'}",
        "{'type':'string','minLength':2,'maxLength':3} ~ '肺😀' ~ '肺'",
        "{'type':'string','maxLength':2} ~ '\\\\ud83d\\\\ude00a' ~ 'abc'",
        "{'type':'string'} ~ '\\\\u00e9' ~ '\\\\ud83d'",
        "{'type':'string'} ~ 'a\\\\/b' ~ 'a\\\\xb'",
        "{'type':'string','pattern':'b'} ~ 'abc' ~ 'ac'",
        "{'type':'string','pattern':'^a|b$'} ~ 'cb' ~ 'ca'",
        "{'type':'string','pattern':'^.$'} ~ '😀' ~ '\\\\n'",
        "{'type':'string','pattern':'a','maxLength':3} ~ 'xxa' ~ 'xxxa'",
        "{'type':'string','format':'date'} ~ '2000-02-29' ~ '1900-02-29'",
        "{'type':'string','format':'ipv6'} ~ '1::8' ~ '1::2::3'",
        "{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':2} ~ [1, 2] ~ [1,2,3]",
        "{'type':'array','items':{'type':'integer'},'minItems':1} ~ [1] ~ []",
        "{'type':'array','prefixItems':[{'const':1},{'const':2}],'items':false} ~ [1] ~ [1,2,3]",
        "{'type':'array','prefixItems':[{'const':1}],'items':{'const':'x'}} ~ [1,'x','x'] ~ ['x']",
        "{'type':'object','properties':{'a':{},'b':{}}} ~ {'b':1} ~ {'b':1,'a':1}",
        "{'type':'object','properties':{'a':{},'b':{}},'required':['b']} ~ {'b':1} ~ {'a':1}",
        "{'type':'object','properties':{'a':{}}} ~ {} ~ {'c':1}",
        "{'type':'object','additionalProperties':{'type':'null'}} ~ {'x':null} ~ {'x':1}",
        "{'type':'object'} ~ {'x':1,'y':1} ~ {'x':1,'x':1}",
        "{'type':'object','properties':{'a':{}},'additionalProperties':true} ~ {'a':1,'b':2} ~ {'a':1,'a':2}",
        "{'type':'object','minProperties':1,'maxProperties':2} ~ {'x':1,'y':2} ~ {}",
        "{'type':'object','minProperties':1,'maxProperties':2} ~ {'x':1} ~ {'x':1,'y':2,'z':3}",
        "{'type':'object','patternProperties':{'^n_':{'type':'null'}}} ~ {'n_a':null} ~ {'m':null}",
        "{'type':'object','propertyNames':{'enum':['p','q']}} ~ {'p':1} ~ {'r':1}",
        "{'anyOf':[{'type':'null'},{'type':'integer'}]} ~ 7 ~ 'x'",
        "{'oneOf':[{'type':'string'},{'type':'integer'}]} ~ 7 ~ null",
        "{'oneOf':[{'required':['a'],'properties':{'a':{}}},{'required':['b'],'properties':{'b':{}}}],'type':'object'} ~ {'a':1} ~ {'a':1,'b':1}",
        "{'allOf':[{'type':'integer','minimum':3},{'maximum':5}]} ~ 4 ~ 6",
        "{'allOf':[{'type':'object','properties':{'a':{}}},{'properties':{'b':{}},'required':['b']}]} ~ {'a':1,'b':2} ~ {'a':1}",
        "{'$ref':'#/$defs/t','$defs':{'t':{'type':'array','items':{'$ref':'#/$defs/t'}}}} ~ [[],[[]]] ~ [1]",
        "true ~ [1,{'x':null}] ~ tru",
        "{'type':'object','x-order':1,'title':'t','properties':{'a':{'type':'integer','description':'d'}}} ~ { 'a': 1 } ~ {'a' :1}"
      })
  void acceptsAndRefuses(String schema, String good, String bad) throws JsonProcessingException {
    String json = schema.replace('\'', '"').replace("\\\\", "\\");
    Object parsed = JSON.readValue(json, Object.class);
    Expression root = new SchemaGrammar(parsed, new JsonGrammar(java.util.List.of())).root();
    OutputConstraint constraint = OutputConstraint.of(root, false, vocabulary);
    assertTrue(Walks.accepts(constraint, text(good)), () -> json + " refuses " + text(good));
    assertFalse(Walks.accepts(constraint, text(bad)), () -> json + " accepts " + text(bad));
  }

  private static String text(String json) {
    return json.replace('\'', '"').replace("\\\\", "\\");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "{'type':'object','properties':{'a':{'not':{}}}} ~ #/properties/a/not",
        "{'if':{}} ~ #/if",
        "{'type':'array','contains':{}} ~ #/contains",
        "{'type':'array','uniqueItems':true} ~ #/uniqueItems",
        "{'unevaluatedProperties':false} ~ #/unevaluatedProperties",
        "{'dependentRequired':{}} ~ #/dependentRequired",
        "{'type':'string','format':'iri'} ~ #/format",
        "{'type':'string','pattern':'(?=a)'} ~ #/pattern",
        "{'$ref':'#/$defs/none'} ~ #/$ref",
        "{'$ref':'other.json'} ~ #/$ref",
        "{'allOf':[{'$ref':'#'}]} ~ refers to itself",
        "{'oneOf':[{'type':'integer'},{'type':'number'}]} ~ #/oneOf",
        "{'type':'integer','multipleOf':12345} ~ #/multipleOf",
        "{'type':'object','patternProperties':{'^[a-z]{1,3}$':{}}} ~ #/patternProperties",
        "{'requird':['a']} ~ #/requird",
        "{'type':'strin'} ~ #/type",
        "{'type':'integer','minimum':5,'maximum':4} ~ allows nothing",
        "{'$defs':{'l':{'type':'object','properties':{'n':{'$ref':'#/$defs/l'}},'required':['n']}},'$ref':'#/$defs/l'} ~ allows nothing"
      })
  void whatIsNotSupportedIsNamed(String schema, String named) {
    UnsupportedFormatException error =
        assertThrows(UnsupportedFormatException.class, () -> schema(schema.replace('\'', '"')));
    assertTrue(String.valueOf(error.getMessage()).contains(named), error.getMessage());
  }

  @Test
  void statesCopyAndRefuseWithoutChanging() {
    OutputConstraint constraint = schema("{\"enum\":[\"肺炎\",\"肺癌\"]}");
    OutputState state = constraint.start();
    assertEquals("\"肺", state.forced());
    state.accept('"');
    OutputState copy = state.copy();
    copy.accept(0xE8);
    assertThrows(IllegalArgumentException.class, () -> state.accept('x'));
    assertThrows(IllegalArgumentException.class, () -> state.accept(-1));
    assertThrows(IllegalArgumentException.class, () -> state.accept(vocabulary.size()));
    state.accept(0xE8);
    assertEquals(copy.mask(), state.mask());
    for (byte b : "肺癌\"".getBytes(StandardCharsets.UTF_8)) {
      if ((b & 0xFF) != 0xE8) {
        state.accept(b & 0xFF);
      }
    }
    assertTrue(state.canEnd() && state.mustEnd());
    assertEquals(0, state.mask().count());
  }

  @Test
  void aSpaceThatTheDecoderDropsIsNotMatched() {
    TokenVocabulary drops = Vocabularies.nasty(true, true);
    OutputConstraint constraint = OutputConstraint.compile(new ResponseFormat.Regex(" ?a"), drops);
    OutputState state = constraint.start();
    Walks.assertExact(state, drops, "at the beginning");
    state.accept(' ');
    state.accept(' ');
    assertFalse(state.allows(' '));
    state.accept('a');
    assertTrue(state.mustEnd());
    OutputState within = constraint.startWithin();
    within.accept(' ');
    assertFalse(within.allows(' '));
  }

  @Test
  void aVocabularyWithoutSomeByteIsRefused() {
    assertThrows(
        UnsupportedFormatException.class,
        () ->
            TokenVocabulary.of(
                java.util.List.of(new byte[] {'a'}), Map.of(), java.util.List.of(), false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*b+c?",
        "(ab|a)(c|bcd)?",
        "[^a-c]{2,3}",
        "\\d+(\\.\\d{1,2})?",
        "[\\w-]+@\\w+",
        "(a|b)*abb",
        "x{0}y{2,}",
        "[a\\]^-]*",
        ".",
        "\\p{Lu}\\p{Ll}*",
        "(?:a?){3}a{3}",
        "é|肺+|😀",
        "[😀-😂]x",
        "^a$|^b",
        "(?<n>a)b",
        "\\u0041\\x42",
        "\\s\\S"
      })
  void expressionsMatchAsJavaDoes(String regex) {
    OutputConstraint constraint =
        OutputConstraint.compile(new ResponseFormat.Regex(regex), vocabulary);
    Pattern pattern = Pattern.compile(regex);
    Random random = new Random(3);
    String[] pieces = {
      "a", "b", "c", "d", "x", "y", "A", "B", "1", ".", "-", "]", "^", "é", "肺", "😀", " ", "@",
      "\n"
    };
    int matched = 0;
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(6); n > 0; n--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      boolean expected = pattern.matcher(text).matches();
      matched += expected ? 1 : 0;
      assertEquals(expected, Walks.accepts(constraint, text.toString()), regex + " on " + text);
    }
    for (int i = 0; i < 20; i++) {
      String text = Walks.walk(constraint, vocabulary, random, 8);
      // Java's matcher calls itself for each character of some loops.
      if (text.length() < 1_000) {
        assertTrue(pattern.matcher(text).matches(), regex + " wrote " + text);
      }
      matched++;
    }
    assertTrue(matched > 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?=a)", "(?<!a)", "(a)\\1", "a++", "(?i)a", "\\bA", "(?>a)", "a{3,2}", "*a", "(a", "[b-a]",
        "\\Qa\\E"
      })
  void irregularExpressionsAreRefused(String regex) {
    assertThrows(
        UnsupportedFormatException.class,
        () -> OutputConstraint.compile(new ResponseFormat.Regex(regex), vocabulary));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "root ::= root \"+\" num / num; num ::= [0-9]+ ~ 1+22+3 ~ 1++2",
        "root ::= \"(\" root \")\" root / \"\" ~ (())() ~ (()",
        "root ::= a \"x\" / \"\"; a ::= root \"y\" / b; b ::= a \"z\" / \"q\" ~ qzx ~ zx",
        "root ::= s s; s ::= \"a\" s \"b\" / \"\" ~ aabbab ~ aabbb",
        "root ::= (\"a\" / \"é\"){2,3} .? # end ~ aéa😀 ~ a",
        "root ::= n root / \"x\"; n ::= \"\" / \"a\" n ~ aaax ~ aaa",
        "root ::= root root / \"a\" ~ aaaa ~ b"
      })
  void grammarsMatch(String rules, String good, String bad) {
    String grammar = rules.replace(";", "\n").replace("/", "|");
    OutputConstraint constraint =
        OutputConstraint.compile(new ResponseFormat.Grammar(grammar), vocabulary);
    assertTrue(Walks.accepts(constraint, good), () -> grammar + " refuses " + good);
    assertFalse(Walks.accepts(constraint, bad), () -> grammar + " accepts " + bad);
    OutputState state = constraint.start();
    Random random = new Random(1);
    for (int step = 0; step < 12 && !state.mustEnd(); step++) {
      Walks.assertExact(state, vocabulary, grammar);
      int[] ids = state.mask().ids();
      state.accept(ids[random.nextInt(ids.length)]);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "start ::= \"a\" ~ a rule \"root\"",
        "root ::= b ~ \"b\" is not defined",
        "root ::= \"a\" root ::= \"b\" ~ defined twice",
        "root ::= \"a ~ does not end",
        "root ::= (\"a\" ~ expected )",
        "root = \"a\" ~ expected ::=",
        "root ::= root ~ allows nothing"
      })
  void brokenGrammarsAreRefused(String grammar, String named) {
    UnsupportedFormatException error =
        assertThrows(
            UnsupportedFormatException.class,
            () -> OutputConstraint.compile(new ResponseFormat.Grammar(grammar), vocabulary));
    assertTrue(String.valueOf(error.getMessage()).contains(named), error.getMessage());
  }
}
