package org.vesalius.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.vesalius.demo.DemoModel;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.Cancellation;
import org.vesalius.runtime.Capacity;
import org.vesalius.runtime.ChatModel;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.OpenOptions;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.QueueFullException;
import org.vesalius.runtime.Scheduling;
import org.vesalius.runtime.layers.LayerObserver;
import org.vesalius.runtime.observe.CacheUse;
import org.vesalius.runtime.observe.EngineStep;
import org.vesalius.runtime.observe.ModelLoad;
import org.vesalius.runtime.observe.ObservedRequest;
import org.vesalius.runtime.observe.PromptChunk;
import org.vesalius.runtime.observe.RequestOutcome;

/** What an engine tells an observer is what its requests went through. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init") // opened before all tests
@Timeout(300)
class ObservedEngineTest {
  private static final int TOGETHER = 3;

  private DemoModel demo;

  @BeforeAll
  void open() {
    demo = DemoModel.unpack();
  }

  @AfterAll
  void close() {
    demo.close();
  }

  private ChatModel model(ObservedCalls calls, Capacity capacity) {
    return ChatModel.open(
        demo.directory(),
        OpenOptions.defaults().withCapacity(capacity).withPrefillChunk(64).withObserver(calls));
  }

  private static ChatRequest.Builder named(String id) {
    return ChatRequest.builder().scheduling(Scheduling.defaults().withRequestId(id));
  }

  private ChatRequest.Builder ask(String id, String picture, String question) {
    return named(id).user(Part.image(demo.example(picture)), Part.text(question));
  }

  @Test
  void everyRequestIsToldFromItsAcceptanceToItsEnd() throws Exception {
    ObservedCalls calls = new ObservedCalls();
    try (ChatModel model =
        model(calls, Capacity.defaults().withRequests(TOGETHER).withPrefixTokens(4096))) {
      Map<String, ChatRequest> requests = new LinkedHashMap<>();
      for (String picture : List.of("nodule.png", "several.png")) {
        for (String question : List.of("Write a report.", "Is there a nodule?")) {
          String id = picture + " " + question.length();
          requests.put(id, ask(id, picture, question).maxTokens(40).build());
        }
      }
      requests.put(
          "two",
          named("two")
              .user(
                  Part.image(demo.example("nodule.png")),
                  Part.image(demo.example("normal.png")),
                  Part.text("What is new?"))
              .maxTokens(20)
              .build());
      requests.put("text", named("text").user("Is the heart enlarged?").maxTokens(20).build());
      Map<String, Future<Generation>> futures = new LinkedHashMap<>();
      requests.forEach((id, request) -> futures.put(id, model.generateAsync(request)));
      Map<String, Generation> answers = new LinkedHashMap<>();
      for (var future : futures.entrySet()) {
        answers.put(future.getKey(), future.getValue().get());
      }
      // All of it is known now, its picture too.
      answers.put("again", model.generate(ask("again", "nodule.png", "Where is it?").build()));
      ChatRequest nameless = ChatRequest.builder().user("Is there a nodule?").maxTokens(5).build();
      Generation unnamed = model.generate(nameless);
      assertEquals("7", unnamed.requestId(), "the eighth request");
      answers.put("7", unnamed);

      assertEquals(answers.keySet(), calls.ids().collect(java.util.stream.Collectors.toSet()));
      assertEquals(answers.size(), calls.of(ObservedCalls.Finished.class).size());
      answers.forEach((id, answer) -> checkRequest(calls, id, answer));
      checkLoad(calls, model);
      checkPopulation(calls, TOGETHER, answers.size());
      checkSteps(calls, answers);
      checkPictures(calls, model);
      CacheUse last = calls.of(ObservedCalls.Cache.class).getLast().use();
      assertEquals(0, last.used());
      assertEquals(0, last.shared());
      assertEquals(model.retainedCachePages(), last.idle());
      assertTrue(calls.of(ObservedCalls.Cache.class).stream().anyMatch(c -> c.use().used() > 0));
      assertTrue(
          calls.of(ObservedCalls.Cache.class).stream()
              .allMatch(c -> c.use().used() + c.use().idle() <= c.use().total()));
    }
  }

  private static void checkLoad(ObservedCalls calls, ChatModel model) {
    assertInstanceOf(ObservedCalls.LoadBegins.class, calls.all().get(0));
    ModelLoad load = ((ObservedCalls.LoadEnds) calls.all().get(1)).load();
    assertEquals(model.family(), load.family());
    assertEquals(model.backend(), load.backend());
    assertTrue(load.weightBytes() > 1 << 20, load::toString);
    assertEquals(Optional.empty(), load.error());
    assertEquals(1, calls.of(ObservedCalls.LoadEnds.class).size());
  }

  /** One that was not preempted. */
  private static void checkRequest(ObservedCalls calls, String id, Generation answer) {
    List<ObservedCalls.OfRequest> own = calls.of(id);
    assertEquals(id, answer.requestId());
    assertInstanceOf(ObservedCalls.Queued.class, own.getFirst());
    ObservedCalls.Started started =
        assertInstanceOf(ObservedCalls.Started.class, own.get(1), own::toString);
    assertInstanceOf(ObservedCalls.Finished.class, own.getLast());
    assertEquals(1, calls.of(id, ObservedCalls.Queued.class).size());
    assertEquals(1, calls.of(id, ObservedCalls.Started.class).size());
    assertEquals(0, calls.of(id, ObservedCalls.Preempted.class).size());
    assertEquals(0, calls.of(id, ObservedCalls.Resumed.class).size());

    RequestOutcome outcome = calls.outcome(id);
    assertEquals(answer.usage(), outcome.usage());
    assertEquals(answer.timings(), outcome.timings());
    assertEquals(Optional.of(answer.finishReason()), outcome.reason());
    Generation.Timings timings = outcome.timings();
    assertEquals(
        outcome.totalNanos(), timings.firstTokenNanos() + timings.decodeNanos(), "all of the time");
    assertTrue(
        timings.preprocessNanos() + timings.queueNanos() + timings.visionNanos()
            <= timings.firstTokenNanos(),
        timings::toString);
    assertEquals(answer.usage().promptTokens(), started.promptTokens());
    assertEquals(answer.usage().cachedTokens(), started.cachedTokens());
    assertEquals(timings.queueNanos(), started.nanos());

    List<ObservedCalls.FirstToken> first = calls.of(id, ObservedCalls.FirstToken.class);
    List<ObservedCalls.Tokens> more = calls.of(id, ObservedCalls.Tokens.class);
    assertEquals(1, first.size());
    assertEquals(timings.firstTokenNanos(), first.getFirst().nanos());
    assertEquals(
        answer.usage().completionTokens(),
        1 + more.stream().mapToInt(ObservedCalls.Tokens::count).sum());
    assertTrue(more.stream().allMatch(tokens -> tokens.nanos() > 0 && tokens.count() > 0));
    long between = more.stream().mapToLong(ObservedCalls.Tokens::nanos).sum();
    assertTrue(between <= timings.decodeNanos(), between + " of " + timings);
    assertTrue(more.isEmpty() || own.indexOf(first.getFirst()) < own.indexOf(more.getFirst()));

    int at = answer.usage().cachedTokens();
    int decodes = 0;
    for (ObservedCalls.StepBegins begins : calls.of(ObservedCalls.StepBegins.class)) {
      for (PromptChunk chunk : begins.step().chunks()) {
        if (chunk.request().equals(started.request())) {
          assertEquals(at, chunk.from());
          assertEquals(answer.usage().promptTokens(), chunk.promptTokens());
          at = chunk.to();
        }
      }
      decodes += begins.step().decoding().contains(started.request()) ? 1 : 0;
    }
    assertEquals(answer.usage().promptTokens(), at);
    assertEquals(more.size(), decodes);
  }

  private static void checkPopulation(ObservedCalls calls, int most, int all) {
    List<ObservedCalls.Population> told = calls.of(ObservedCalls.Population.class);
    assertEquals(new ObservedCalls.Population(0, 0), told.getLast());
    assertTrue(told.stream().anyMatch(p -> p.running() == most), told::toString);
    for (int i = 0; i < told.size(); i++) {
      ObservedCalls.Population now = told.get(i);
      assertTrue(now.running() <= most && now.waiting() >= 0, told::toString);
      assertTrue(now.running() >= 0 && now.running() + now.waiting() <= all, told::toString);
      if (i > 0) {
        assertNotEquals(told.get(i - 1), now);
      }
    }
  }

  private static void checkSteps(ObservedCalls calls, Map<String, Generation> answers) {
    List<EngineStep> begun =
        calls.of(ObservedCalls.StepBegins.class).stream().map(c -> c.step()).toList();
    List<EngineStep> ended =
        calls.of(ObservedCalls.StepEnds.class).stream().map(c -> c.step()).toList();
    assertEquals(begun, ended);
    assertTrue(calls.of(ObservedCalls.StepEnds.class).stream().allMatch(c -> c.nanos() > 0));
    assertTrue(begun.stream().anyMatch(step -> step.decoding().size() > 1), "none together");
    int guessed = answers.values().stream().mapToInt(a -> a.usage().drafts().proposed()).sum();
    assertEquals(
        begun.stream().mapToInt(step -> step.decoding().size()).sum() + guessed,
        begun.stream().mapToInt(EngineStep::decodeRows).sum());
  }

  private static void checkPictures(ObservedCalls calls, ChatModel model) {
    List<ObservedCalls.VisionEnds> ends = calls.of(ObservedCalls.VisionEnds.class);
    assertEquals(calls.of(ObservedCalls.VisionBegins.class).size(), ends.size());
    assertEquals(
        model.engine().encodedImages(), ends.stream().filter(e -> !e.work().cached()).count());
    assertTrue(ends.stream().anyMatch(e -> e.work().cached()), "no picture was known");
    assertTrue(ends.stream().allMatch(e -> e.work().tokens() > 0 && e.nanos() > 0));
    assertEquals(0, calls.of("text", ObservedCalls.VisionBegins.class).size());
  }

  private static void hold(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "nothing happened for a minute");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Generation generate(ChatModel model, ChatRequest request, LayerObserver layers) {
    return model.generator().generate(request, GenerationListener.NONE, layers);
  }

  @Test
  void requestsThatNeverRunEndToo() throws Exception {
    ObservedCalls calls = new ObservedCalls();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    LayerObserver blocking =
        (_, _, _) -> {
          running.countDown();
          hold(goOn);
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ChatModel model = model(calls, new Capacity(1, 2, 0));
      Future<Generation> first =
          threads.submit(
              () -> generate(model, named("first").user("Hello.").maxTokens(3).build(), blocking));
      hold(running);
      Cancellation cancellation = new Cancellation();
      Future<Generation> cancelled =
          model.generateAsync(named("cancelled").user("?").cancellation(cancellation).build());
      calls.await(call -> call.equals(new ObservedCalls.Population(1, 1)));
      Future<Generation> closed = model.generateAsync(named("closed").user("?").build());
      calls.await(call -> call.equals(new ObservedCalls.Population(2, 1)));
      ChatRequest refused = named("refused").user("?").build();
      assertThrows(QueueFullException.class, () -> model.generate(refused));

      // The scheduler comes to these after the first request's step.
      cancellation.cancel();
      CompletableFuture<Void> closing = CompletableFuture.runAsync(model::close, threads);
      while (!isClosing(model)) {
        Thread.sleep(1);
      }
      goOn.countDown();
      closing.get();

      assertEquals(List.of("first", "cancelled", "closed"), calls.ids().toList());
      assertEquals(3, calls.of(ObservedCalls.Finished.class).size());
      assertEquals(List.of(), calls.of("refused"));
      for (Future<Generation> failed : List.of(first, closed)) {
        Throwable cause = assertThrows(ExecutionException.class, failed::get).getCause();
        assertInstanceOf(IllegalStateException.class, cause);
      }
      assertThrows(ExecutionException.class, cancelled::get);
      for (String id : List.of("cancelled", "closed")) {
        assertEquals(2, calls.of(id).size(), () -> calls.of(id).toString());
        RequestOutcome outcome = calls.outcome(id);
        assertEquals(Optional.of(IllegalStateException.class.getName()), outcome.error());
        assertEquals(0, outcome.usage().completionTokens());
        assertEquals(0, outcome.timings().firstTokenNanos());
        assertTrue(outcome.usage().promptTokens() > 0);
        assertTrue(outcome.timings().queueNanos() > 0);
        assertEquals(
            outcome.totalNanos(),
            outcome.timings().preprocessNanos() + outcome.timings().queueNanos());
      }
      assertEquals("error", calls.outcome("first").ending());
      assertEquals(1, calls.of("first", ObservedCalls.Started.class).size());
      assertEquals(
          new ObservedCalls.Population(0, 0), calls.of(ObservedCalls.Population.class).getLast());
    }
  }

  private static boolean isClosing(ChatModel model) {
    try {
      Generation unused = model.generate(named("late").user("?").build());
      throw new AssertionError("answered though it is blocked");
    } catch (QueueFullException _) {
      return false;
    } catch (IllegalStateException _) {
      return true;
    }
  }

  @Test
  void cancelledRequestsEndOnceWhereverTheyAre() throws Exception {
    ObservedCalls calls = new ObservedCalls();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (ChatModel model = model(calls, new Capacity(1, 2, 0));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Generation> first =
          threads.submit(() ->
              generate(
                  model,
                  named("first").user("Hello.").maxTokens(2).repetitionFuse(false).build(),
                  (_, _, _) -> {
                    running.countDown();
                    hold(goOn);
                  }));
      hold(running);
      Cancellation waiting = new Cancellation();
      Future<Generation> never =
          model.generateAsync(named("waiting").user("?").cancellation(waiting).build());
      calls.await(call -> call.equals(new ObservedCalls.Population(1, 1)));
      waiting.cancel();
      goOn.countDown();
      assertEquals(FinishReason.CANCELLED, never.get().finishReason());
      assertTrue(first.get().usage().completionTokens() > 0);
      assertEquals(List.of(), calls.of("waiting", ObservedCalls.Started.class));
      assertEquals("cancelled", calls.outcome("waiting").ending());

      Cancellation writing = new Cancellation();
      ChatRequest report =
          ask("writing", "nodule.png", "Write a report.").cancellation(writing).build();
      Generation cut =
          model.generate(
              report,
              event -> {
                if (event instanceof GenerationEvent.Token) {
                  writing.cancel();
                }
              });
      assertEquals(calls.outcome("writing").reason(), Optional.of(cut.finishReason()));
      assertEquals(cut.usage(), calls.outcome("writing").usage());

      Cancellation early = new Cancellation();
      early.cancel();
      Generation nothing = model.generate(named("early").user("?").cancellation(early).build());
      assertEquals(List.of(), nothing.tokenIds());
      assertEquals(2, calls.of("early").size());
      assertEquals(nothing.timings(), calls.outcome("early").timings());

      // A listener that throws ends its request.
      ChatRequest left = ask("left", "normal.png", "Write a report.").build();
      assertThrows(
          ArithmeticException.class,
          () ->
              model.generate(
                  left,
                  event -> {
                    if (event instanceof GenerationEvent.VisionProgress) {
                      throw new ArithmeticException("of the listener");
                    }
                  }));
      assertEquals(1, calls.of("left", ObservedCalls.Finished.class).size());
      assertEquals(5, calls.of(ObservedCalls.Finished.class).size());
    }
  }

  @Test
  void failuresAreToldByTheirClass() {
    ObservedCalls calls = new ObservedCalls();
    try (ChatModel model = model(calls, Capacity.defaults())) {
      LayerObserver failing =
          (_, _, _) -> {
            throw new UnsupportedOperationException("of Anna Miller's thorax");
          };
      for (ChatRequest request :
          List.of(ask("vision", "nodule.png", "?").build(), named("step").user("Hello.").build())) {
        assertThrows(UnsupportedOperationException.class, () -> generate(model, request, failing));
      }
      for (String id : List.of("vision", "step")) {
        RequestOutcome outcome = calls.outcome(id);
        assertEquals(Optional.of(UnsupportedOperationException.class.getName()), outcome.error());
        assertEquals(Optional.empty(), outcome.reason());
        assertTrue(calls.of(id).getLast() instanceof ObservedCalls.Finished);
      }
      assertEquals(1, calls.of("vision", ObservedCalls.VisionBegins.class).size());
      assertEquals(0, calls.of("vision", ObservedCalls.VisionEnds.class).size());
      assertEquals(1, calls.of(ObservedCalls.StepBegins.class).size());
      assertEquals(
          1, calls.of(ObservedCalls.StepEnds.class).size(), "a step that failed has ended");
      assertTrue(calls.all().stream().noneMatch(call -> call.toString().contains("Miller")));
      assertEquals(
          3, model.generate(named("next").user("?").maxTokens(3).build()).tokenIds().size());
    }
  }

  @Test
  void aRequestThatGivesWayGoesOnUnderTheSameName() throws Exception {
    ObservedCalls calls = new ObservedCalls();
    try (ChatModel model =
        ChatModel.open(
            Fixtures.fixture("small_llama"),
            OpenOptions.defaults().withCapacity(new Capacity(1, 4, 2048)).withObserver(calls))) {
      ChatRequest low =
          named("low").user("").maxTokens(300).repetitionFuse(false).speculativeTokens(0).build();
      ChatRequest high =
          ChatRequest.builder()
              .scheduling(Scheduling.defaults().withRequestId("high").withPriority(1))
              .user("Hello.")
              .maxTokens(4)
              .build();
      Future<Generation> slow = model.generateAsync(low);
      calls.await(call -> call instanceof ObservedCalls.Tokens);
      Generation fast = model.generate(high);
      Generation answer = slow.get();
      assertEquals(1, model.engine().preemptions());
      List<? extends Class<?>> kinds =
          calls.of("low").stream()
              .map(Object::getClass)
              .filter(kind -> kind != ObservedCalls.Tokens.class)
              .toList();
      assertEquals(
          List.of(
              ObservedCalls.Queued.class,
              ObservedCalls.Started.class,
              ObservedCalls.FirstToken.class,
              ObservedCalls.Preempted.class,
              ObservedCalls.Resumed.class,
              ObservedCalls.Finished.class),
          kinds);
      checkRequest(calls, "high", fast);
      assertEquals(
          answer.usage().completionTokens() - 1,
          calls.of("low", ObservedCalls.Tokens.class).stream().mapToInt(t -> t.count()).sum());
      assertEquals(answer.usage(), calls.outcome("low").usage());
      checkPopulation(calls, 1, 2);
      int resumed = calls.of("low", ObservedCalls.Resumed.class).getFirst().cachedTokens();
      List<PromptChunk> chunks =
          calls.of(ObservedCalls.StepBegins.class).stream()
              .flatMap(call -> call.step().chunks().stream())
              .filter(chunk -> chunk.request().id().equals("low"))
              .toList();
      assertEquals(2, chunks.size());
      assertEquals(resumed, chunks.getLast().from());
      assertEquals(chunks.getLast().promptTokens(), chunks.getLast().to());
      assertTrue(chunks.getLast().to() > answer.usage().promptTokens(), "with what it had written");
    }
  }

  @Test
  void aModelThatCannotBeOpenedIsTold(@org.junit.jupiter.api.io.TempDir Path empty) {
    ObservedCalls calls = new ObservedCalls();
    OpenOptions options = OpenOptions.defaults().withObserver(calls);
    assertEquals(List.of(calls), options.withThreads(1).withCacheTokens(512).observers());
    RuntimeException thrown =
        assertThrows(RuntimeException.class, () -> ChatModel.open(empty, options));
    assertEquals(2, calls.all().size());
    assertEquals(new ObservedCalls.LoadBegins(empty.toString()), calls.all().getFirst());
    ModelLoad load = calls.of(ObservedCalls.LoadEnds.class).getFirst().load();
    assertEquals(new ModelLoad("", "", 0, Optional.of(thrown.getClass().getName())), load);
    assertInstanceOf(ModelFormatException.class, thrown);
  }

  /** Every call waits for another thread that takes the engine's locks. */
  @Test
  void noLockIsHeldWhileAnObserverIsCalled() throws Exception {
    List<String> blocked = new ArrayList<>();
    CompletableFuture<ChatModel> opened = new CompletableFuture<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ObservedCalls calls = new ObservedCalls();
      OpenOptions options =
          OpenOptions.defaults()
              .withObserver(calls)
              .withObserver(new EveryCall(call -> probe(call, opened, threads, blocked)));
      try (ChatModel model = ChatModel.open(demo.directory(), options)) {
        opened.complete(model);
        ChatRequest request = ask("one", "nodule.png", "Is there a nodule?").maxTokens(6).build();
        checkRequest(calls, "one", model.generate(request));
        assertEquals(List.of(), blocked);
      }
    }
  }

  private static void probe(
      String call,
      CompletableFuture<ChatModel> opened,
      ExecutorService threads,
      List<String> blocked) {
    if (!opened.isDone()) {
      return;
    }
    try {
      ChatModel model = opened.get();
      Object unused =
          threads
              .submit(() -> {
                model.engine().borrowEmbeddings(1).close();
                return model.requests() + model.usedCachePages();
              })
              .get(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      synchronized (blocked) {
        blocked.add(call + ": " + e);
      }
    }
  }

  /** Observers that fail with anything are left alone, and the engine goes on. */
  @Test
  void anObserverThatThrowsChangesNoAnswer() {
    ChatRequest request = ask("one", "nodule.png", "Write a report.").maxTokens(12).build();
    ObservedCalls calls = new ObservedCalls();
    List<Integer> expected;
    try (ChatModel model = model(calls, Capacity.defaults())) {
      expected = model.generate(request).tokenIds();
    }
    for (String throwing :
        List.of(
            "queued",
            "population",
            "started",
            "visionBegins",
            "visionEnds",
            "followsSteps",
            "stepBegins",
            "stepEnds",
            "firstToken",
            "tokens",
            "cache",
            "finished")) {
      List<String> thrown = new ArrayList<>();
      OpenOptions options =
          OpenOptions.defaults()
              .withPrefillChunk(64)
              .withObserver(
                  new EveryCall(call -> {
                    if (call.equals(throwing)) {
                      synchronized (thrown) {
                        thrown.add(call);
                      }
                      throw new AssertionError("of an observer");
                    }
                  }));
      try (ChatModel model = ChatModel.open(demo.directory(), options)) {
        assertEquals(expected, model.generate(request).tokenIds(), throwing);
        assertEquals(List.of(throwing), thrown);
        assertEquals(0, model.requests());
        assertEquals(0, model.usedCachePages());
      }
    }
  }

  /** A request as an observer sees it tells nothing of what is in it. */
  @Test
  void numbersAreNamesWhereThereIsNone() {
    ObservedCalls calls = new ObservedCalls();
    try (ChatModel model = model(calls, Capacity.defaults())) {
      for (int i = 0; i < 3; i++) {
        String id = Integer.toString(i);
        ChatRequest request = ChatRequest.builder().user("Anna Miller").maxTokens(1).build();
        assertEquals(id, model.generate(request).requestId());
        assertEquals(new ObservedRequest(i, id), calls.of(id).getFirst().request());
      }
    }
  }
}
