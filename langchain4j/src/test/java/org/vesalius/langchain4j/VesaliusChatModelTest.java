package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelErrorContext;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelRequestContext;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.FinishReason;

/** The blocking and the asynchronous model: listeners, defaults, cancellation. */
class VesaliusChatModelTest {

  /** Writes down what it is told. */
  private static final class Recorder implements ChatModelListener {
    final List<String> told = new ArrayList<>();

    @Override
    public void onRequest(ChatModelRequestContext context) {
      told.add(
          "request "
              + context.modelProvider()
              + " "
              + context.chatRequest().temperature()
              + " "
              + context.chatRequest().maxOutputTokens());
    }

    @Override
    public void onResponse(ChatModelResponseContext context) {
      told.add("response " + context.chatResponse().aiMessage().text());
    }

    @Override
    public void onError(ChatModelErrorContext context) {
      told.add("error " + context.error().getClass().getSimpleName());
    }
  }

  @Test
  void listenersAreToldAndDefaultsHold() {
    Recorder recorder = new Recorder();
    ScriptedModel model =
        new ScriptedModel()
            .then(ScriptedModel.text("Hello."))
            .then((_, _) -> {
              throw new IllegalArgumentException("the request has images");
            });
    VesaliusChatModel chat =
        new VesaliusChatModel(
            model.adapter(
                AdapterOptions.defaults()
                    .withListeners(List.of(recorder))
                    .withDefaultRequestParameters(
                        VesaliusChatRequestParameters.builder()
                            .temperature(0.5)
                            .maxOutputTokens(9)
                            .seed(4L)
                            .build())));
    assertEquals("Hello.", chat.chat("Hello!"));
    ChatRequest hot =
        ChatRequest.builder()
            .messages(dev.langchain4j.data.message.UserMessage.from("Hello!"))
            .temperature(0.9)
            .build();
    assertThrows(InvalidRequestException.class, () -> chat.chat(hot));
    assertEquals(
        List.of(
            "request OTHER 0.5 9",
            "response Hello.",
            "request OTHER 0.9 9",
            "error InvalidRequestException"),
        recorder.told);
    assertEquals(
        List.of(0.5, 0.9),
        model.requests().stream().map(request -> request.sampling().temperature()).toList());
    assertTrue(
        model.requests().stream()
            .allMatch(request -> request.sampling().seed().orElseThrow() == 4));
  }

  @Test
  void whatItSaysOfItself() {
    VesaliusChatModel chat = new VesaliusChatModel(new ScriptedModel().adapter());
    VesaliusStreamingChatModel streaming =
        new VesaliusStreamingChatModel(new ScriptedModel().adapter());
    assertEquals(ModelProvider.OTHER, chat.provider());
    assertEquals(ModelProvider.OTHER, streaming.provider());
    assertEquals(Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA), chat.supportedCapabilities());
    assertEquals(Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA), streaming.supportedCapabilities());
  }

  @Test
  void asynchronousAnswersComeFromAnotherThread() throws Exception {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    ScriptedModel model =
        new ScriptedModel()
            .then((_, _) -> {
              thread.complete(Thread.currentThread());
              return ScriptedModel.text("Hello.");
            })
            .then((_, _) -> {
              throw new IllegalArgumentException("the request has images");
            });
    VesaliusChatModel chat = new VesaliusChatModel(model.adapter());
    assertEquals("Hello.", chat.chatAsync("Hello!").get(60, TimeUnit.SECONDS));
    assertTrue(thread.get().isVirtual());
    CompletableFuture<String> failing = chat.chatAsync("Hello!");
    assertInstanceOf(
        InvalidRequestException.class,
        assertThrows(ExecutionException.class, () -> failing.get(60, TimeUnit.SECONDS)).getCause());
  }

  @Test
  void cancellingTheFutureEndsTheRequest() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    ScriptedModel model =
        new ScriptedModel()
            .then((request, _) -> {
              started.countDown();
              long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
              while (!request.cancellation().isCancelled() && System.nanoTime() < end) {
                Thread.onSpinWait();
              }
              cancelled.complete(request.cancellation().isCancelled());
              return ScriptedModel.ended("", FinishReason.CANCELLED);
            });
    CompletableFuture<ChatResponse> future =
        new VesaliusChatModel(model.adapter())
            .chatAsync(dev.langchain4j.data.message.UserMessage.from("Hello!"));
    assertTrue(started.await(60, TimeUnit.SECONDS));
    future.cancel(true);
    assertTrue(cancelled.get(60, TimeUnit.SECONDS));
  }
}
