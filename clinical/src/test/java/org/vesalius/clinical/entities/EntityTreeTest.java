package org.vesalius.clinical.entities;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EntityTreeTest {

  @Test
  void theShortestWayUpIsTheLevel() {
    EntityTree tree =
        EntityTree.builder()
            .add("c", "c", List.of(), List.of("b", "root"))
            .add("b", "b", List.of(), List.of("a"))
            .add("a", "a", List.of(), List.of("root"))
            .add("root", "root", List.of(), List.of())
            .add("d", "d", List.of(), List.of("c", "c", "nowhere"))
            .build();
    assertEquals(2, tree.entity(0).level());
    assertEquals(3, tree.entity(1).level());
    assertEquals(1, tree.entity(3).level());
    assertEquals(new Entity("d", "d", List.of(), List.of("c"), 3), tree.entity(4));
    assertEquals(1, tree.notes().unknownParents());
    assertEquals(Set.of(0, 1, 2, 3), Set.copyOf(tree.ancestors(4)));
    assertEquals(List.of(), tree.ancestors(3));
    assertEquals(OptionalInt.of(3), tree.index("root"));
    assertEquals(OptionalInt.empty(), tree.index("Root"));
  }

  @Test
  void whatLiesDeeperThanFiveLevelsIsOfTheFifth() {
    EntityTreeBuilder builder = EntityTree.builder();
    int chain = 100_000;
    for (int i = 0; i < chain; i++) {
      builder.add("" + i, "n" + i, List.of(), i == 0 ? List.of() : List.of("" + (i - 1)));
    }
    EntityTree tree = builder.build();
    assertEquals(4, tree.level(3));
    assertEquals(5, tree.level(4));
    assertEquals(5, tree.level(chain - 1));
    assertEquals(List.of(chain - 2), tree.parents(chain - 1));
    assertEquals(chain - 5, tree.notes().deeper());
    assertEquals(chain - 1, tree.ancestors(chain - 1).size());
  }

  @Test
  void whoIsAboveItselfIsNamed() {
    EntityTreeBuilder builder =
        EntityTree.builder()
            .add("root", "r", List.of(), List.of())
            .add("below", "b", List.of(), List.of("x"))
            .add("x", "x", List.of(), List.of("root", "y"))
            .add("y", "y", List.of(), List.of("x"));
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    assertTrue(
        message.matches(
            "entity \"([xy])\": is above itself, by way of \"(?!\\1)[xy]\"; remove one .*"),
        message);
    assertEquals("entity \"0\": is above itself; remove one of the parents on the way", cycle(1));
    assertEquals(
        "entity \"0\": is above itself, by way of \"1\", \"2\", \"3\", \"4\" and 5 more;"
            + " remove one of the parents on the way",
        cycle(10));
  }

  private static String cycle(int length) {
    EntityTreeBuilder builder = EntityTree.builder();
    for (int i = 0; i < length; i++) {
      String above = Integer.toString((i + 1) % length);
      builder.add(Integer.toString(i), "name", List.of(), List.of(above));
    }
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
  }

  @Test
  void namesAreKeptOnceAndByKind() {
    EntityTree tree =
        EntityTree.builder()
            .including(NameKind.RELATED)
            .add(
                "1",
                "name",
                List.of(
                    new EntityName("r", NameKind.RELATED),
                    new EntityName("e", NameKind.EXACT),
                    new EntityName("r", NameKind.EXACT),
                    new EntityName("b", NameKind.BROAD),
                    new EntityName(" name\n", NameKind.EXACT)),
                List.of())
            .add("1", "other", List.of(), List.of())
            .build();
    assertEquals(
        List.of(
            new EntityName("name", NameKind.PREFERRED),
            new EntityName("r", NameKind.EXACT),
            new EntityName("e", NameKind.EXACT),
            new EntityName("other", NameKind.EXACT)),
        tree.names(0));
    assertEquals(1, tree.notes().looseSynonyms());
  }

  @Test
  void aBuilderBuildsOnceAndRefusesWhatIsNoText() {
    EntityTreeBuilder builder = EntityTree.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.add("", "x", List.of(), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> builder.add("1", "x".repeat(10_001), List.of(), List.of()));
    EntityTreeBuilder fresh = EntityTree.builder();
    fresh.build();
    assertThrows(IllegalStateException.class, () -> fresh.add("1", "x", List.of(), List.of()));
  }

  @Test
  void manyIdsAreFoundAgain() {
    SplittableRandom random = new SplittableRandom(3);
    EntityTreeBuilder builder = EntityTree.builder();
    Map<String, String> expected = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      String id = Integer.toString(random.nextInt(15_000), 36) + (i % 3 == 0 ? "疾" : "");
      String name = "n" + i;
      expected.putIfAbsent(id, name);
      builder.add(id, name, List.of(), List.of());
    }
    EntityTree tree = builder.build();
    assertEquals(expected.size(), tree.size());
    expected.forEach((id, name) -> {
      int index = tree.index(id).orElseThrow();
      assertEquals(id, tree.id(index));
      assertEquals(name, tree.name(index));
    });
  }
}
