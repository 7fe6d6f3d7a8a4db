package org.vesalius.clinical.agent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.DraftAcceptance;
import org.vesalius.runtime.FinishReason;
import org.vesalius.runtime.Generation;
import org.vesalius.runtime.GenerationEvent;
import org.vesalius.runtime.GenerationListener;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.PreparedPicture;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.AnswerParser;
import org.vesalius.runtime.answer.ParsedAnswer;
import org.vesalius.runtime.answer.PictureFrame;
import org.vesalius.runtime.answer.ToolCall;
import org.vesalius.runtime.answer.ToolCallFormat;
import org.vesalius.runtime.vision.image.ImageTransform;

/**
 * Says what a test wants it to say. What it says is taken apart by the parser that a model's words
 * are taken apart by; one token stands for each character.
 */
final class ScriptedModel implements AgentModel {
  private final AnswerFormat format;
  private final boolean describesTools;
  private final BiFunction<Integer, ChatRequest, String> script;
  FinishReason finish = FinishReason.STOP;
  final List<ChatRequest> requests = Collections.synchronizedList(new ArrayList<>());

  ScriptedModel(
      AnswerFormat format,
      boolean describesTools,
      BiFunction<Integer, ChatRequest, String> script) {
    this.format = format;
    this.describesTools = describesTools;
    this.script = script;
  }

  /** One of the Qwen family that says these answers one after the other, and the last for ever. */
  static ScriptedModel saying(String... answers) {
    return new ScriptedModel(
        AnswerFormat.QWEN2_5_VL, false, (turn, _) -> answers[Math.min(turn, answers.length - 1)]);
  }

  @Override
  public Generation generate(ChatRequest request, GenerationListener listener) {
    String raw = script.apply(requests.size(), request);
    requests.add(request);
    AnswerParser parser =
        new AnswerParser(
            format,
            Optional.empty(),
            request.tools(),
            List.of(),
            new AnswerParser.Listener() {
              @Override
              public void reasoning(String text) {
                listener.on(new GenerationEvent.ReasoningText(text));
              }

              @Override
              public void text(String text) {
                listener.on(new GenerationEvent.AnswerText(text));
              }

              @Override
              public void toolCall(ToolCall call) {
                listener.on(new GenerationEvent.ToolCalled(call));
              }
            });
    for (int i = 0; i < raw.length(); i++) {
      listener.on(new GenerationEvent.Token(raw.charAt(i)));
      parser.append(raw.substring(i, i + 1));
    }
    ParsedAnswer parsed =
        parser.finish(
            request.messages().stream()
                .flatMap(ChatMessage::images)
                .map(ScriptedModel::frame)
                .toList());
    return generation(request, raw, parsed);
  }

  private Generation generation(ChatRequest request, String raw, ParsedAnswer parsed) {
    List<Integer> ids = raw.chars().boxed().toList();
    List<Generation.TokenLogprobs> logprobs =
        ids.stream()
            .map(id -> new Generation.TokenLogprob(id, Character.toString(id), -0.5))
            .map(token -> new Generation.TokenLogprobs(token, List.of(token)))
            .toList();
    return new Generation(
        "request",
        parsed.text(),
        parsed.reasoning(),
        parsed.reasoningUnclosed(),
        parsed.toolCalls(),
        parsed.regions(),
        parsed.invalidRegions(),
        ids,
        logprobs,
        request.cancellation().isCancelled() ? FinishReason.CANCELLED : finish,
        new Generation.Usage(10, 0, ids.size(), 0, DraftAcceptance.NONE),
        new Generation.Timings(1, 1, 1, 1, 1, 1),
        "script",
        0);
  }

  private static PictureFrame frame(Part.Picture picture) {
    return PictureFrame.of(ImageTransform.of(picture.pixels()));
  }

  @Override
  public List<PreparedPicture> pictures(ChatRequest request) {
    return request.messages().stream()
        .flatMap(ChatMessage::images)
        .map(picture -> new PreparedPicture(1, "0".repeat(64), ImageTransform.of(picture.pixels())))
        .toList();
  }

  @Override
  public ToolCallFormat callFormat() {
    return format.toolCalls();
  }

  @Override
  public boolean describesTools() {
    return describesTools;
  }
}
