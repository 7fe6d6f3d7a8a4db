package org.vesalius.clinical.tools;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vesalius.clinical.agent.Tool;
import org.vesalius.clinical.entities.EntityTagger;
import org.vesalius.clinical.entities.EntityTree;
import org.vesalius.clinical.knowledge.KnowledgeFolder;
import org.vesalius.clinical.knowledge.KnowledgeOptions;
import org.vesalius.clinical.knowledge.PassageEmbedder;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.ResponseFormat;
import org.vesalius.runtime.structured.OutputConstraint;
import org.vesalius.runtime.structured.TokenVocabulary;
import org.vesalius.tokenizer.Tokenizer;

/**
 * What the runtime makes of the tools: it can hold a model to their schemas, and embed passages.
 */
class ToolsWithModelTest {
  @TempDir Path temporary;

  private List<Tool> tools(KnowledgeFolder folder) throws IOException {
    Path entities = temporary.resolve("entities.csv");
    Files.writeString(entities, "id,name\nA,b\n");
    return List.of(
        new ZoomTool(),
        new RotateTool(),
        new WindowTool(),
        new MeasureTool(),
        new CompareTool(),
        new SearchTool(folder),
        new VisitTool(folder),
        new EntityTool(EntityTagger.of(EntityTree.load(entities))),
        new DrugTool(DrugTable.ofCsv("name\nx\n")),
        new ScoreTool());
  }

  @Test
  void schemasAndEmbeddings() throws Exception {
    Path knowledge = Files.createDirectories(temporary.resolve("knowledge"));
    Files.writeString(knowledge.resolve("a.txt"), "nodule in the left upper zone");
    Files.writeString(knowledge.resolve("b.txt"), "heart size is normal");
    try (DemoModel demo = DemoModel.unpack();
        ChatModel model =
            ChatModel.open(demo.directory(), OpenOptions.defaults().withBackend("reference"));
        KnowledgeFolder folder =
            KnowledgeFolder.open(
                knowledge, KnowledgeOptions.DEFAULT.withEmbedder(PassageEmbedder.of(model)))) {
      // No word of the query is in a document, so that only vectors can find one.
      assertEquals(2, folder.search("lungs", 5).size());
      // The same text has the same vector.
      assertEquals("b.txt", folder.search("heart size is normal", 5).getFirst().document().id());
      TokenVocabulary vocabulary = TokenVocabulary.of(Tokenizer.load(demo.directory()), List.of());
      for (Tool tool : tools(folder)) {
        assertNotNull(
            assertDoesNotThrow(
                () ->
                    OutputConstraint.compile(
                        ResponseFormat.jsonSchema(tool.parameters()), vocabulary),
                tool.name()));
      }
    }
  }
}
