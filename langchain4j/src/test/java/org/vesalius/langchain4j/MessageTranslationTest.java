package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.CustomMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.PdfFileContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.message.VideoContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatMessage.Content.Parts;
import org.vesalius.runtime.ChatMessage.Content.Plain;
import org.vesalius.runtime.Part;

/** Messages of every kind, in OpenAI's form. */
class MessageTranslationTest {

  private static ChatMessage one(dev.langchain4j.data.message.ChatMessage message) {
    return MessageTranslation.of(List.of(message)).getFirst();
  }

  private static ImageContent image(int value) {
    return ImageContent.from(
        Base64.getEncoder().encodeToString(new byte[] {(byte) value}), "image/png");
  }

  @Test
  void texts() {
    assertEquals(
        List.of(
            ChatMessage.system("Be brief."),
            ChatMessage.user("Hello!"),
            ChatMessage.assistant("Hello.")),
        MessageTranslation.of(
            List.of(
                SystemMessage.from("Be brief."),
                UserMessage.from("Hello!"),
                AiMessage.from("Hello."))));
    assertEquals(
        new ChatMessage("user", new Plain("Hello!"), Map.of("name", "Ada")),
        one(UserMessage.from("Ada", "Hello!")));
  }

  @Test
  void partsKeepTheirOrder() {
    ChatMessage message =
        one(
            UserMessage.from(
                TextContent.from("before"),
                image(1),
                TextContent.from("between"),
                image(2),
                image(3)));
    List<Part> parts = assertInstanceOf(Parts.class, message.content()).parts();
    assertEquals(
        List.of("before", "1", "between", "2", "3"),
        parts.stream()
            .map(part ->
                switch (part) {
                  case Part.Text(String text) -> text;
                  case Part.Image picture -> String.valueOf(picture.bytes()[0]);
                  case Part.Pixels _ -> "pixels";
                  case Part.Video _ -> "video";
                })
            .toList());
    assertEquals(
        "messages[0].contents[4]", assertInstanceOf(Part.Image.class, parts.get(4)).origin());
  }

  @Test
  void aPictureAloneHasNoText() {
    List<Part> parts =
        assertInstanceOf(Parts.class, one(UserMessage.from(image(9))).content()).parts();
    assertEquals(1, parts.size());
    assertArrayEquals(new byte[] {9}, assertInstanceOf(Part.Image.class, parts.getFirst()).bytes());
  }

  @Test
  void toolCallsAndResultsAndReasoning() {
    AiMessage calling =
        AiMessage.builder()
            .thinking("I need the dose.")
            .toolExecutionRequests(
                List.of(
                    ToolExecutionRequest.builder()
                        .id("c1")
                        .name("dose")
                        .arguments("{\"drug\": \"apixaban\", \"days\": 2, \"why\": null}")
                        .build(),
                    ToolExecutionRequest.builder().name("today").arguments("").build()))
            .build();
    ChatMessage message = one(calling);
    assertEquals(new Plain(""), message.content());
    assertEquals("I need the dose.", message.fields().get("reasoning_content"));
    List<?> calls = assertInstanceOf(List.class, message.fields().get("tool_calls"));
    Map<?, ?> first = assertInstanceOf(Map.class, calls.getFirst());
    assertEquals("c1", first.get("id"));
    assertEquals("function", first.get("type"));
    Map<?, ?> function = assertInstanceOf(Map.class, first.get("function"));
    assertEquals("dose", function.get("name"));
    Map<?, ?> arguments = assertInstanceOf(Map.class, function.get("arguments"));
    assertEquals(List.of("drug", "days", "why"), List.copyOf(arguments.keySet()));
    assertEquals(Arrays.asList("apixaban", 2, null), Arrays.asList(arguments.values().toArray()));
    assertEquals(
        Map.of("type", "function", "function", Map.of("name", "today", "arguments", Map.of())),
        calls.get(1));
    assertEquals(
        new ChatMessage("tool", new Plain("5 mg"), Map.of("tool_call_id", "c1", "name", "dose")),
        one(ToolExecutionResultMessage.from("c1", "dose", "5 mg")));
  }

  @Test
  void aToolMayAnswerWithAPicture() {
    ChatMessage message =
        one(
            ToolExecutionResultMessage.builder()
                .id("c1")
                .toolName("earlier")
                .contents(TextContent.from("of 2019"), image(7))
                .build());
    assertEquals("tool", message.role());
    assertEquals(1, message.images().count());
  }

  private static String refused(
      Class<? extends RuntimeException> type, dev.langchain4j.data.message.ChatMessage message) {
    List<dev.langchain4j.data.message.ChatMessage> messages =
        List.of(SystemMessage.from("Be brief."), message);
    return String.valueOf(assertThrows(type, () -> MessageTranslation.of(messages)).getMessage());
  }

  @Test
  void whatVesaliusDoesNotReadIsRefusedByName() {
    for (Content content :
        List.of(
            AudioContent.from("YQ==", "audio/wav"),
            VideoContent.from("YQ==", "video/mp4"),
            PdfFileContent.from("YQ==", "application/pdf"))) {
      assertEquals(
          "messages[1].contents[1]: expected text or an image, found "
              + content.type().name().toLowerCase(java.util.Locale.ROOT)
              + ", which Vesalius does not read",
          refused(
              UnsupportedFeatureException.class,
              UserMessage.from(TextContent.from("What is this?"), content)));
    }
    assertTrue(
        refused(UnsupportedFeatureException.class, CustomMessage.from(Map.of("a", "b")))
            .startsWith("messages[1]: expected a system, user, AI or tool message, found "));
    AiMessage drawn =
        AiMessage.builder()
            .text("Here.")
            .attributes(
                Map.of(
                    AiMessage.GENERATED_IMAGES_KEY,
                    List.of(Image.builder().base64Data("YQ==").build())))
            .build();
    assertTrue(
        refused(UnsupportedFeatureException.class, drawn)
            .startsWith("messages[1]: images in an AI message are not read"));
  }

  @Test
  void damagedArgumentsAreAnInvalidRequest() {
    for (String damaged : List.of("{\"drug\": ", "[1]", "null", "{\"a\": 1, \"a\": 2}", "{} x")) {
      AiMessage message =
          AiMessage.from(ToolExecutionRequest.builder().name("dose").arguments(damaged).build());
      String error = refused(InvalidRequestException.class, message);
      assertTrue(
          error.startsWith("messages[1].toolExecutionRequests[0].arguments: expected an object"),
          error);
    }
  }
}
