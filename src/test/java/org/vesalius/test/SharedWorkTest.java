package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;

/** What requests with the same pictures and the same beginnings share, and what they never do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // opened before all tests
class SharedWorkTest {
  private DemoModel demo;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
  }

  @AfterAll
  void close() {
    demo.close();
  }

  private static ChatRequest ask(byte[] picture, String... texts) {
    ChatRequest.Builder request =
        ChatRequest.builder().user(new Part.Image(picture, "picture"), Part.text(texts[0]));
    for (int i = 1; i < texts.length; i += 2) {
      request.message(ChatMessage.assistant(texts[i])).user(texts[i + 1]);
    }
    return request.build();
  }

  private byte[] picture() throws IOException {
    return Files.readAllBytes(demo.example("nodule.png"));
  }

  /** The same picture, but for one pixel. */
  private static byte[] withAnotherPixel(byte[] picture) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture));
    int x = image.getWidth() / 2;
    int y = image.getHeight() / 2;
    int[] sample = image.getRaster().getPixel(x, y, (int[]) null);
    sample[0] = sample[0] < 128 ? sample[0] + 100 : sample[0] - 100;
    image.getRaster().setPixel(x, y, sample);
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, "png", changed));
    return changed.toByteArray();
  }

  private static List<Integer> alone(DemoModel demo, ChatRequest request) {
    try (ChatModel model =
        ChatModel.open(
            demo.directory(), OpenOptions.defaults().withCapacity(new Capacity(1, 0, 0)))) {
      return model.generate(request).tokenIds();
    }
  }

  @Test
  void aPictureIsEncodedOnceInAConversation() throws IOException {
    byte[] picture = picture();
    try (ChatModel model = ChatModel.open(demo.directory())) {
      ChatRequest first = ask(picture, "Is there a nodule?");
      Generation answer = model.generate(first);
      assertEquals(1, model.engine().encodedImages());
      assertEquals(0, answer.usage().cachedTokens());
      ChatRequest second =
          ask(picture, "Is there a nodule?", answer.text(), "Is there a pleural effusion?");
      Generation next = model.generate(second);
      assertEquals(alone(demo, second), next.tokenIds());
      assertTrue(
          next.usage().cachedTokens() > next.usage().imageTokens(),
          () -> next.usage() + ": the picture and what came before it were known");
      // Another beginning: its pages are not known, the picture is.
      ChatRequest third =
          ChatRequest.builder()
              .system("You are a radiologist.")
              .user(new Part.Image(picture, "the same"), Part.text("Is there a nodule?"))
              .build();
      Generation other = model.generate(third);
      assertEquals(alone(demo, third), other.tokenIds());
      assertTrue(other.usage().cachedTokens() < 32, () -> other.usage() + "");
      assertEquals(1, model.engine().encodedImages());
    }
  }

  /** Same size, same question, one pixel. */
  @Test
  void picturesThatDifferInOnePixelShareNothing() throws IOException {
    byte[] picture = picture();
    byte[] other = withAnotherPixel(picture);
    try (ChatModel model = ChatModel.open(demo.directory())) {
      ChatRequest one = ask(picture, "Write a report.");
      ChatRequest two = ask(other, "Write a report.");
      Generation first = model.generate(one);
      Generation second = model.generate(two);
      int before = model.promptEncoder().encode(one).spans().getFirst().start();
      assertTrue(
          second.usage().cachedTokens() <= before,
          () -> second.usage().cachedTokens() + " tokens shared, the picture begins at " + before);
      assertEquals(2, model.engine().encodedImages());
      assertEquals(alone(demo, one), first.tokenIds());
      assertEquals(alone(demo, two), second.tokenIds());
      assertEquals(first.tokenIds(), model.generate(one).tokenIds());
      assertEquals(second.tokenIds(), model.generate(two).tokenIds());
      assertEquals(2, model.engine().encodedImages());
    }
  }

  /** All at once, so that pictures are encoded and pages written by others at the same time. */
  @Test
  void requestsAtTheSameTimeShareToo() throws IOException {
    byte[] picture = picture();
    byte[] other = withAnotherPixel(picture);
    List<String> questions =
        List.of("Write a report.", "Is there a nodule?", "Is there a pleural effusion?");
    try (ChatModel model = ChatModel.open(demo.directory())) {
      List<ChatRequest> requests = new ArrayList<>();
      for (int i = 0; i < 18; i++) {
        requests.add(ask(i % 2 == 0 ? picture : other, questions.get(i % 3)));
      }
      List<CompletableFuture<Generation>> answers =
          requests.stream().map(model::generateAsync).toList();
      for (int i = 0; i < requests.size(); i++) {
        Generation answer = answers.get(i).join();
        if (i < 6) {
          assertEquals(alone(demo, requests.get(i)), answer.tokenIds());
        } else {
          assertEquals(answers.get(i % 6).join().tokenIds(), answer.tokenIds());
        }
      }
      assertEquals(2, model.engine().encodedImages());
      assertEquals(0, model.usedCachePages());
    }
  }
}
