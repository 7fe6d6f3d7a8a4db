package org.vesalius.runtime.prompt.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vesalius.runtime.prompt.jinja.ReferenceCases.Case;

class ReferenceTest {
  @ParameterizedTest
  @ValueSource(strings = {"features.json", "random.json.gz"})
  void rendersWhatTheReferenceRenders(String resource) {
    ReferenceCases reference = ReferenceCases.read(resource);
    List<String> wrong = new ArrayList<>();
    for (Case each : reference.cases()) {
      String found;
      try {
        found =
            JinjaTemplate.parse(each.template(), "t")
                .render(reference.variables(), ReferenceCases.CLOCK);
      } catch (TemplateException e) {
        found = null;
        if (each.output() != null) {
          wrong.add(each.template() + "\n  expected: " + each.output() + "\n  failed: " + e);
        }
      }
      if (found != null && !found.equals(each.output())) {
        String expected = each.output() == null ? "error " + each.error() : each.output();
        wrong.add(each.template() + "\n  expected: " + expected + "\n  found: " + found);
      }
    }
    assertTrue(reference.cases().size() > 200);
    assertEquals(List.of(), wrong);
  }

  /** Not the language, but what users of the reference know and search for. */
  @Test
  void commonErrorsHaveTheWordsOfTheReference() {
    ReferenceCases reference = ReferenceCases.read("features.json");
    List<String> kinds =
        List.of(
            "is undefined",
            "has no attribute",
            "can only concatenate",
            "unsupported operand",
            "not supported between",
            "is not callable",
            "object is not iterable",
            "has no len()",
            "is not JSON serializable",
            "is unsafe",
            "takes not more than",
            "takes no keyword argument",
            "division by zero",
            "not enough values to unpack");
    for (String kind : kinds) {
      List<Case> cases =
          reference.cases().stream().filter(each -> each.message().contains(kind)).toList();
      assertTrue(!cases.isEmpty(), kind);
      for (Case each : cases) {
        String found = null;
        try {
          JinjaTemplate.parse(each.template(), "t").render(reference.variables());
        } catch (TemplateException e) {
          found = e.getMessage();
        }
        assertEquals("t:1: " + each.message(), found, each.template());
      }
    }
  }

  @Test
  void raisedMessagesAreExactlyTheTemplatesOwn() {
    ReferenceCases reference = ReferenceCases.read("features.json");
    Case raised =
        reference.cases().stream()
            .filter(each -> each.template().contains("raise_exception"))
            .findFirst()
            .orElseThrow();
    assertNull(raised.output());
    TemplateException e =
        assertThrows(
            TemplateException.class,
            () -> JinjaTemplate.parse(raised.template(), "t").render(reference.variables()));
    assertEquals(raised.message(), e.raised().orElseThrow());
    assertEquals(raised.message(), e.getMessage());
  }
}
