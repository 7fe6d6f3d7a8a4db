package org.vesalius.runtime.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vesalius.runtime.ChatMessage;
import org.vesalius.runtime.ChatRequest;
import org.vesalius.runtime.Part;
import org.vesalius.runtime.UnsupportedModelException;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.answer.ReasoningFormat;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.PositionRule;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.runtime.prompt.ControlToken;
import org.vesalius.runtime.prompt.RenderedPrompt;
import org.vesalius.runtime.prompt.jinja.TemplateException;
import org.vesalius.runtime.vision.PreparedImage;
import org.vesalius.runtime.vision.TokenGrid;
import org.vesalius.tokenizer.AddedTokenFilter;
import org.vesalius.tokenizer.EncodeOptions;
import org.vesalius.tokenizer.Tokenizer;

/** Turns a conversation into tokens and prepared pictures. Thread-safe; needs no device. */
public final class PromptEncoder {
  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final LoadedModel model;
  private final OptionalInt beginningId;
  private final OptionalInt imageId;
  private final OptionalInt videoId;
  private final AnswerFormat answerFormat;

  /** Found out by the first request that needs it; twice, if two come at once. */
  private volatile @Nullable ReasoningTemplate reasoning;

  private final boolean addsTokens;
  private final List<ControlToken> controlTokens;

  /**
   * An encoder.
   *
   * @param beginningId the id of the beginning-of-sequence token, if the model has one
   * @param answerFormat how the model marks its reasoning
   * @throws UnsupportedModelException if tokenizer and model disagree about the image token, or if
   *     the template has no place for pictures
   */
  public PromptEncoder(
      ChatTemplate template,
      Tokenizer tokenizer,
      LoadedModel model,
      OptionalInt beginningId,
      AnswerFormat answerFormat) {
    this.template = template;
    this.tokenizer = tokenizer;
    this.model = model;
    this.beginningId = beginningId;
    this.answerFormat = answerFormat;
    addsTokens = tokenizer.encode("", new EncodeOptions(true, AddedTokenFilter.ALL)).length > 0;
    controlTokens = new ArrayList<>();
    tokenizer
        .addedTokens()
        .forEach(token -> controlTokens.add(new ControlToken(token.content(), token.special())));
    imageId =
        model
            .images()
            .map(input -> {
              reserve(input.placeholder());
              OptionalInt id = id(input.token(), input.id());
              if (id.isEmpty() && input.id().isPresent()) {
                throw new UnsupportedModelException(
                    "tokenizer.json: token \""
                        + input.token()
                        + "\": expected it with id "
                        + input.id().getAsInt()
                        + " from config.json, found no such token; the tokenizer belongs to another"
                        + " model");
              }
              return id;
            })
            .orElse(OptionalInt.empty());
    videoId =
        model.videos().map(input -> id(input.token(), input.id())).orElse(OptionalInt.empty());
    model.images().ifPresent(input -> requirePlaceholder(input.placeholder()));
  }

  private Map<String, ? extends @Nullable Object> variables(ChatRequest request) {
    return request.reasoningTokens().isEmpty()
        ? request.templateVariables()
        : reasoning().variables(request.reasoningTokens(), request.templateVariables());
  }

  /** The chat template. */
  public ChatTemplate template() {
    return template;
  }

  /** What the template knows of reasoning. */
  ReasoningTemplate reasoning() {
    ReasoningTemplate known = reasoning;
    if (known == null) {
      known = new ReasoningTemplate(template, answerFormat, model.images().isPresent());
      reasoning = known;
    }
    return known;
  }

  /** Refuses the template of a text model, by which no picture could enter. */
  private void requirePlaceholder(String placeholder) {
    Map<String, Object> message =
        Map.of(
            "role",
            "user",
            "content",
            List.of(Map.of("type", "image"), Map.of("type", "text", "text", "?")));
    RenderedPrompt rendered;
    try {
      rendered = template.render(List.of(message), null, Map.of(), true, controlTokens);
    } catch (TemplateException _) {
      return; // it wants more than this message; a request will tell
    }
    if (ImageExpansion.places(rendered, placeholder).isEmpty()) {
      throw new UnsupportedModelException(
          "chat template: expected it to write \""
              + placeholder
              + "\" where a message has a picture, found no such mark; the template is that of a"
              + " text model: take the file from the model's publisher");
    }
  }

  /** Makes sure that no message can write a placeholder, be it a token or not. */
  private void reserve(String mark) {
    // Also beside a token of that name that is not special, which an assistant's message may write.
    controlTokens.add(new ControlToken(mark, true));
  }

  private OptionalInt id(String mark, OptionalInt expected) {
    reserve(mark);
    OptionalInt id =
        tokenizer.addedTokens().stream()
            .filter(token -> token.content().equals(mark))
            .mapToInt(token -> token.id())
            .findFirst();
    if (id.isPresent() && expected.isPresent() && id.getAsInt() != expected.getAsInt()) {
      throw new UnsupportedModelException(
          "tokenizer.json: token \""
              + mark
              + "\": expected id "
              + expected.getAsInt()
              + " from config.json, found "
              + id.getAsInt());
    }
    return id;
  }

  /**
   * Encodes a request.
   *
   * @throws IllegalArgumentException if the model reads no images and there are some, or the
   *     template does not place them
   */
  public EncodedPrompt encode(ChatRequest request) {
    List<Part.Picture> images = request.messages().stream().flatMap(ChatMessage::images).toList();
    if (!images.isEmpty() && model.images().isEmpty()) {
      throw new IllegalArgumentException(
          "the request has images ("
              + images.size()
              + "), and this model reads text only; remove them or load a vision-language model");
    }
    List<Part.Video> videos = request.messages().stream().flatMap(ChatMessage::videos).toList();
    if (!videos.isEmpty() && model.videos().isEmpty()) {
      throw new IllegalArgumentException(
          "the request has videos ("
              + videos.size()
              + "), and this model was not made for them; send single frames as images");
    }
    List<Map<String, @Nullable Object>> messages =
        request.messages().stream().map(m -> m.forTemplate(model.images().isPresent())).toList();
    RenderedPrompt rendered =
        template.render(
            messages,
            request.tools().isEmpty() ? null : request.tools(),
            variables(request),
            true,
            controlTokens);
    Optional<ReasoningFormat> openReasoning = openReasoning(rendered);
    Optional<LoadedModel.ImageInput> input = model.images();
    if (input.isEmpty()) {
      int[] ids = plain(rendered);
      return encoded(rendered.text(), ids, List.of(), List.of(), openReasoning);
    }
    ImageExpansion expanded = ImageExpansion.of(rendered, kinds(request, images, videos));
    List<TokenGrid> runs =
        expanded.images().stream().flatMap(image -> image.runs().stream()).toList();
    List<PositionRule.ImageSpan> spans = new ArrayList<>();
    int[] ids =
        imageId.isPresent()
            ? repeat(tokens(expanded.prompt()), runs, spans)
            : cut(expanded.prompt(), input.get().token(), runs, spans);
    return encoded(rendered.text(), ids, spans, expanded.images(), openReasoning);
  }

  /**
   * Encodes a text as it is, without a chat template, as a call of the tokenizer of transformers
   * does.
   *
   * @throws IllegalArgumentException if it has no token
   */
  public EncodedPrompt encodeText(String text) {
    int[] ids = tokenizer.encode(text, new EncodeOptions(true, AddedTokenFilter.ALL));
    if (ids.length == 0) {
      throw new IllegalArgumentException("a text: expected at least one token, found none");
    }
    if (Arrays.stream(ids).anyMatch(this::isImage)) {
      throw new IllegalArgumentException(
          "a text: expected no token that stands for a picture, found one; pictures come with a"
              + " request");
    }
    return encoded(text, ids, List.of(), List.of(), Optional.empty());
  }

  /** The tokens of a text that follows a prompt: none is added. */
  public int[] continuation(String text) {
    return tokenizer.encode(text, new EncodeOptions(false, AddedTokenFilter.ALL));
  }

  /** The block that the template has opened; a mark that a user wrote opens none. */
  private Optional<ReasoningFormat> openReasoning(RenderedPrompt rendered) {
    for (ReasoningFormat format : answerFormat.reasoning()) {
      int at = format.openedAt(rendered.text());
      if (at >= 0
          && !ImageExpansion.overlaps(rendered.literal(), at, at + format.open().length())) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  private List<ImageExpansion.Kind> kinds(
      ChatRequest request, List<Part.Picture> images, List<Part.Video> videos) {
    LoadedModel.ImageInput input = model.images().orElseThrow();
    List<ImageExpansion.Kind> kinds = new ArrayList<>();
    kinds.add(
        new ImageExpansion.Kind(
            "images",
            input.placeholder(),
            besideEachOther(
                images, image -> input.encoder().prepare(image.pixels(), request.imageOptions()))));
    model
        .videos()
        .ifPresent(video ->
            kinds.add(
                new ImageExpansion.Kind(
                    "videos",
                    video.token(),
                    videos.stream()
                        .map(clip ->
                            video
                                .preparation()
                                .prepare(
                                    clip.frames().stream().map(Part.Image::pixels).toList(),
                                    clip.framesPerSecond()))
                        .toList())));
    return kinds;
  }

  /**
   * Several pictures are decoded and resized at the same time, which takes as long as a device
   * needs to encode them. Of several that cannot be read the first one is reported.
   */
  private static List<PreparedImage> besideEachOther(
      List<Part.Picture> images, Function<Part.Picture, PreparedImage> prepare) {
    if (images.size() == 1) {
      return List.of(prepare.apply(images.getFirst()));
    }
    List<CompletableFuture<PreparedImage>> running =
        images.stream()
            .map(image -> CompletableFuture.supplyAsync(() -> prepare.apply(image)))
            .toList();
    // All of them, so that nothing goes on after a failure.
    running.forEach(image -> image.handle((_, _) -> true).join());
    try {
      return running.stream().map(CompletableFuture::join).toList();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }

  private EncodedPrompt encoded(
      String text,
      int[] ids,
      List<PositionRule.ImageSpan> spans,
      List<PreparedImage> images,
      Optional<ReasoningFormat> openReasoning) {
    int vocabulary = model.decoder().config().vocabulary();
    for (int id : ids) {
      if (id >= vocabulary) {
        throw new IllegalArgumentException(
            "the chat template wrote the token \""
                + tokenizer.token(id)
                + "\" with id "
                + id
                + ", and the model knows ids below "
                + vocabulary
                + "; tokenizer.json or the template belongs to another model");
      }
    }
    return new EncodedPrompt(
        text,
        ids,
        model.positions().number(ids.length, spans),
        List.copyOf(spans),
        images,
        openReasoning);
  }

  /**
   * What {@code Processor.apply_chat_template} of transformers 5.12.1 does for models that read
   * images: the template writes the beginning-of-sequence token itself, or the tokenizer adds it,
   * never both. A text model's {@code apply_chat_template} adds none.
   */
  private int[] tokens(RenderedPrompt prompt) {
    int[] plain = plain(prompt);
    if (!addsTokens) {
      return plain;
    }
    int[] complete = tokenizer.encode(prompt.text(), options(prompt, true));
    boolean written =
        plain.length > 0
            && ((beginningId.isPresent() && plain[0] == beginningId.getAsInt())
                || plain[0] == complete[0]);
    return written ? plain : complete;
  }

  private int[] plain(RenderedPrompt prompt) {
    return tokenizer.encode(prompt.text(), options(prompt, false));
  }

  private static EncodeOptions options(RenderedPrompt prompt, boolean addSpecialTokens) {
    AddedTokenFilter filter =
        (_, start, end) -> !ImageExpansion.overlaps(prompt.literal(), start, end);
    return new EncodeOptions(addSpecialTokens, filter);
  }

  private boolean isImage(int id) {
    return (imageId.isPresent() && id == imageId.getAsInt())
        || (videoId.isPresent() && id == videoId.getAsInt());
  }

  /** Repeats each image token as often as its run is long. */
  private int[] repeat(int[] ids, List<TokenGrid> runs, List<PositionRule.ImageSpan> spans) {
    long found = Arrays.stream(ids).filter(this::isImage).count();
    if (found != runs.size()) {
      throw new IllegalArgumentException(
          "the prompt has " + found + " image tokens for " + runs.size() + " runs of them");
    }
    int length = ids.length + runs.stream().mapToInt(run -> run.count() - 1).sum();
    int[] expanded = new int[length];
    int at = 0;
    for (int id : ids) {
      int copies = 1;
      if (isImage(id)) {
        TokenGrid run = runs.get(spans.size());
        spans.add(new PositionRule.ImageSpan(at, run));
        copies = run.count();
      }
      Arrays.fill(expanded, at, at + copies, id);
      at += copies;
    }
    return expanded;
  }

  /**
   * For models whose tokenizer has no image token: the text between images is tokenized piece by
   * piece ({@code tokenizer_image_token} of LLaVA).
   */
  private int[] cut(
      RenderedPrompt prompt,
      String mark,
      List<TokenGrid> runs,
      List<PositionRule.ImageSpan> spans) {
    List<Integer> places = ImageExpansion.places(prompt, mark);
    List<int[]> pieces = new ArrayList<>();
    int length = 0;
    int from = 0;
    for (int i = 0; i <= places.size(); i++) {
      int to = i < places.size() ? places.get(i) : prompt.text().length();
      RenderedPrompt part = prompt.part(from, to);
      int[] ids = i == 0 ? tokens(part) : to > from ? plain(part) : new int[0];
      pieces.add(ids);
      length += ids.length;
      if (i < places.size()) {
        TokenGrid run = runs.get(i);
        spans.add(new PositionRule.ImageSpan(length, run));
        pieces.add(new int[run.count()]);
        length += run.count();
        from = to + mark.length();
      }
    }
    return pieces.stream().flatMapToInt(Arrays::stream).toArray();
  }
}
