package org.vesalius.langchain4j;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import org.vesalius.demo.DemoModel;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.Part;

/** The demo model, open, with its pictures and its answers without any adapter. */
record DemoChat(DemoModel demo, ChatModel model) implements AutoCloseable {

  static DemoChat open() {
    DemoModel demo = DemoModel.unpack();
    try {
      return new DemoChat(demo, ChatModel.open(demo.directory()));
    } catch (RuntimeException e) {
      demo.close();
      throw e;
    }
  }

  ImageContent picture(String name) {
    return ImageContent.from(demo.example(name).toUri());
  }

  UserMessage message(String picture, String question) {
    return UserMessage.from(picture(picture), TextContent.from(question));
  }

  ChatRequest.Builder request(String picture, String question) {
    return ChatRequest.builder().user(Part.image(demo.example(picture)), Part.text(question));
  }

  Generation direct(String picture, String question) {
    return model.generate(request(picture, question).build());
  }

  @Override
  public void close() {
    model.close();
    demo.close();
  }
}
