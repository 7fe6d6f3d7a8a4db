package org.vesalius.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.listener.ChatModelErrorContext;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.answer.ToolCall;

/** Streams to handlers: order, threads, exceptions, cancellation. */
class HandlerStreamTest {
  private static final ToolCall CALL = ScriptedModel.call(null, "today", Map.of());
  private static final ToolCall BROKEN = ScriptedModel.malformed("<tool_call>{");
  private static final Generation ALL =
      ScriptedModel.generation(
          "No <tool_call>{", "I look.", List.of(CALL, BROKEN), FinishReason.STOP);

  private static Generation everyEvent(
      org.vesalius.runtime.ChatRequest request, GenerationListener listener) {
    listener.on(new GenerationEvent.PromptReady(10, 1));
    listener.on(new GenerationEvent.VisionProgress(1, 1));
    listener.on(new GenerationEvent.PrefillProgress(10, 10));
    listener.on(new GenerationEvent.Token(1));
    listener.on(new GenerationEvent.ReasoningText("I look."));
    listener.on(new GenerationEvent.AnswerText(""));
    listener.on(new GenerationEvent.AnswerText("No "));
    listener.on(new GenerationEvent.ToolCalled(CALL));
    listener.on(new GenerationEvent.AnswerText("<tool_call>{"));
    listener.on(new GenerationEvent.ToolCalled(BROKEN));
    listener.on(new GenerationEvent.Finished(ALL));
    return ALL;
  }

  private static void chat(Answering model, RecordingHandler handler) {
    new VesaliusStreamingChatModel(new ScriptedModel().then(model).adapter())
        .chat("Hello!", handler);
  }

  @Test
  void callbacksComeInOrderFromOneThread() throws InterruptedException {
    RecordingHandler handler = new RecordingHandler();
    chat(HandlerStreamTest::everyEvent, handler);
    handler.await();
    assertEquals(
        List.of(
            "raw PromptReady",
            "raw VisionProgress",
            "raw PrefillProgress",
            "thinking I look.",
            "text No ",
            "call 0 today",
            "text <tool_call>{",
            "raw ToolCalled",
            "complete"),
        handler.calls());
    assertEquals(1, handler.threads.size());
    assertFalse(handler.threads.contains(Thread.currentThread()));
    ChatResponse response = handler.response();
    assertEquals("No <tool_call>{", response.aiMessage().text());
    assertEquals("I look.", response.aiMessage().thinking());
  }

  @Test
  void aCallHasTheSameIdInEventAndResponse() throws InterruptedException {
    BlockingQueue<String> ids = new ArrayBlockingQueue<>(2);
    RecordingHandler handler =
        new RecordingHandler() {
          @Override
          public void onCompleteToolCall(
              dev.langchain4j.model.chat.response.CompleteToolCall call) {
            ids.add(call.toolExecutionRequest().id());
          }
        };
    chat(HandlerStreamTest::everyEvent, handler);
    ChatResponse response = handler.await().response();
    assertEquals(
        List.copyOf(ids),
        response.aiMessage().toolExecutionRequests().stream().map(call -> call.id()).toList());
  }

  @Test
  void anExceptionOfACallbackGoesToOnErrorAndTheStreamGoesOn() throws InterruptedException {
    CountDownLatch complete = new CountDownLatch(1);
    RecordingHandler handler =
        new RecordingHandler() {
          @Override
          void after(String call, @Nullable StreamingHandle handle) {
            if (call.equals("complete")) {
              complete.countDown();
            } else {
              throw new IllegalStateException("at " + call);
            }
          }
        };
    chat(
        (_, listener) -> {
          listener.on(new GenerationEvent.AnswerText("a"));
          listener.on(new GenerationEvent.AnswerText("b"));
          return ScriptedModel.text("ab");
        },
        handler);
    assertTrue(complete.await(60, TimeUnit.SECONDS));
    assertEquals(
        List.of("text a", "error at text a", "text b", "error at text b", "complete"),
        handler.calls());
  }

  @Test
  void afterCancelNothingComesAndTheRequestEnds() throws InterruptedException {
    CountDownLatch generated = new CountDownLatch(1);
    BlockingQueue<Boolean> cancelled = new ArrayBlockingQueue<>(2);
    RecordingHandler handler =
        new RecordingHandler() {
          @Override
          void after(String call, @Nullable StreamingHandle handle) {
            if (handle != null) {
              cancelled.add(handle.isCancelled());
              handle.cancel();
              cancelled.add(handle.isCancelled());
            }
          }
        };
    chat(
        (request, listener) -> {
          listener.on(new GenerationEvent.AnswerText("a"));
          boolean asked = request.cancellation().isCancelled();
          listener.on(new GenerationEvent.AnswerText("b"));
          generated.countDown();
          return ScriptedModel.ended("ab", asked ? FinishReason.CANCELLED : FinishReason.STOP);
        },
        handler);
    assertTrue(generated.await(60, TimeUnit.SECONDS));
    assertEquals(List.of(false, true), List.copyOf(cancelled));
    // What would come next comes at once.
    assertFalse(handler.ended.await(200, TimeUnit.MILLISECONDS));
    assertEquals(List.of("text a"), handler.calls());
  }

  @Test
  void whatGoesWrongComesToOnErrorAndToListeners() throws InterruptedException {
    List<Throwable> told = new ArrayList<>();
    ChatModelListener listener =
        new ChatModelListener() {
          @Override
          public void onError(ChatModelErrorContext context) {
            told.add(context.error());
          }
        };
    ScriptedModel model =
        new ScriptedModel()
            .then((_, _) -> {
              throw new IllegalStateException("the model is closed");
            })
            .then((_, _) -> {
              throw new IllegalArgumentException("the request has images");
            });
    VesaliusStreamingChatModel streaming =
        new VesaliusStreamingChatModel(
            model.adapter(AdapterOptions.defaults().withListeners(List.of(listener))));
    RecordingHandler closed = new RecordingHandler();
    streaming.chat("Hello!", closed);
    NonRetriableException first =
        assertInstanceOf(NonRetriableException.class, closed.await().error);
    assertEquals("the model is closed", first.getMessage());
    assertInstanceOf(IllegalStateException.class, first.getCause());

    RecordingHandler images = new RecordingHandler();
    streaming.chat("Hello!", images);
    assertInstanceOf(InvalidRequestException.class, images.await().error);

    RecordingHandler refused = new RecordingHandler();
    streaming.chat(
        ChatRequest.builder()
            .messages(UserMessage.from(AudioContent.from("YQ==", "audio/wav")))
            .build(),
        refused);
    assertInstanceOf(UnsupportedFeatureException.class, refused.await().error);
    assertEquals(List.of(closed.error, images.error, refused.error), told);
    assertEquals(1, refused.calls().size());
  }

  @Test
  void anExecutorThatRefusesComesToOnError() throws InterruptedException {
    AdapterOptions options =
        AdapterOptions.defaults()
            .withExecutor(_ -> {
              throw new RejectedExecutionException("full");
            });
    RecordingHandler handler = new RecordingHandler();
    new VesaliusStreamingChatModel(new ScriptedModel().adapter(options)).chat("Hello!", handler);
    assertEquals(List.of("error full"), handler.await().calls());
  }

  @Test
  void anErrorIsToldAndGoesOn() throws InterruptedException {
    BlockingQueue<Throwable> uncaught = new ArrayBlockingQueue<>(1);
    AdapterOptions options =
        AdapterOptions.defaults()
            .withExecutor(task ->
                Thread.ofVirtual().uncaughtExceptionHandler((_, e) -> uncaught.add(e)).start(task));
    ScriptedModel model =
        new ScriptedModel()
            .then((_, _) -> {
              throw new OutOfMemoryError("for a test");
            });
    RecordingHandler handler = new RecordingHandler();
    new VesaliusStreamingChatModel(model.adapter(options)).chat("Hello!", handler);
    assertEquals(List.of("error for a test"), handler.await().calls());
    assertInstanceOf(OutOfMemoryError.class, uncaught.poll(60, TimeUnit.SECONDS));
  }
}
