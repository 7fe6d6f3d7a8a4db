package org.vesalius.runtime;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.vesalius.kernels.CacheFormat;
import org.vesalius.loader.Checkpoint;
import org.vesalius.loader.GenerationConfig;
import org.vesalius.loader.LoadListener;
import org.vesalius.loader.ModelFormatException;
import org.vesalius.runtime.answer.AnswerFormat;
import org.vesalius.runtime.generate.Engine;
import org.vesalius.runtime.generate.Generator;
import org.vesalius.runtime.generate.PromptEncoder;
import org.vesalius.runtime.layers.DecoderConfig;
import org.vesalius.runtime.models.LoadedModel;
import org.vesalius.runtime.models.ModelFamily;
import org.vesalius.runtime.prompt.ChatTemplate;
import org.vesalius.runtime.prompt.ToolTemplate;
import org.vesalius.tokenizer.Tokenizer;

/**
 * A vision-language or text model, loaded from the folder of a safetensors checkpoint, that answers
 * conversations inside this process. Any number of threads may call {@link #generate} at the same
 * time, virtual ones too; their requests are computed together. Closing frees the memory and unmaps
 * the files.
 *
 * <pre>{@code
 * try (ChatModel model = ChatModel.open(Path.of("Lingshu-7B"))) {
 *   ChatRequest request =
 *       ChatRequest.builder()
 *           .user(Part.image(Path.of("chest.png")), Part.text("Write a report."))
 *           .build();
 *   System.out.println(model.generate(request).text());
 * }
 * }</pre>
 */
public final class ChatModel implements AutoCloseable {
  private final ModelFamily family;
  private final LoadedModel model;
  private final Checkpoint checkpoint;
  private final @Nullable Checkpoint draft;

  /** Holds the matrices that are not as they are stored. */
  private final Arena converted;

  private final Tokenizer tokenizer;
  private final GenerationConfig recommended;
  private final Engine engine;
  private final PromptEncoder encoder;
  private final Generator generator;

  ChatModel(
      ModelFamily family,
      LoadedModel model,
      Checkpoint checkpoint,
      @Nullable Checkpoint draft,
      Arena converted,
      Tokenizer tokenizer,
      GenerationConfig recommended,
      Engine engine,
      PromptEncoder encoder,
      Generator generator) {
    this.family = family;
    this.model = model;
    this.checkpoint = checkpoint;
    this.draft = draft;
    this.converted = converted;
    this.tokenizer = tokenizer;
    this.recommended = recommended;
    this.engine = engine;
    this.encoder = encoder;
    this.generator = generator;
  }

  /** Opens a model with {@link OpenOptions#defaults}. */
  public static ChatModel open(Path directory) {
    return open(directory, OpenOptions.defaults());
  }

  /**
   * Opens a model.
   *
   * @param directory holds config.json, the weights as safetensors, tokenizer.json and the chat
   *     template
   * @throws org.vesalius.loader.ModelFormatException where a file is damaged or contradicts another
   * @throws UnsupportedModelException where the model wants something that is not supported
   * @throws org.vesalius.kernels.BackendUnavailableException where the wanted backend cannot work
   *     here
   */
  public static ChatModel open(Path directory, OpenOptions options) {
    return open(directory, options, LoadListener.none());
  }

  /**
   * Opens a model and tells the listener how the loading goes, on the calling thread. Other threads
   * take part meanwhile and have ended when this returns or throws.
   */
  public static ChatModel open(Path directory, OpenOptions options, LoadListener progress) {
    return new ModelOpening(directory, options, progress).open();
  }

  /**
   * Reads the tokenizer.
   *
   * @throws ModelFormatException if there is none
   */
  static Tokenizer tokenizer(Path directory) {
    if (!Files.exists(directory.resolve("tokenizer.json"))) {
      throw ModelFormatException.of(
          directory.resolve("tokenizer.json"),
          "file",
          "it",
          Files.exists(directory.resolve("tokenizer.model")) ? "tokenizer.model" : "no such file",
          "is the download complete? A checkpoint with tokenizer.model only must be saved once"
              + " more with a fast tokenizer");
    }
    return Tokenizer.load(directory);
  }

  /**
   * Puts a model and a tokenizer together.
   *
   * @throws ModelFormatException if they are not of the same model
   */
  static PromptEncoder encoder(
      Path directory,
      ModelFamily family,
      LoadedModel model,
      Tokenizer tokenizer,
      ChatTemplate template,
      GenerationConfig recommended) {
    int vocabulary = model.decoder().config().vocabulary();
    long foreign =
        tokenizer.addedTokens().stream()
            .filter(token -> token.id() >= vocabulary)
            .filter(token -> family.foreignTokens().contains(token.content()))
            .count();
    if (tokenizer.size() - foreign > vocabulary) {
      throw ModelFormatException.of(
          directory.resolve("tokenizer.json"),
          "largest token id",
          "one below vocab_size " + vocabulary + " of config.json",
          Integer.toString(tokenizer.size() - 1),
          "the tokenizer belongs to another model");
    }
    int[] ends = recommended.eosTokenIds();
    if (ends.length > 0 && Arrays.stream(ends).allMatch(id -> tokenizer.token(id) == null)) {
      throw ModelFormatException.of(
          directory.resolve("tokenizer.json"),
          "token that ends an answer",
          "one of the ids " + Arrays.toString(ends) + " of eos_token_id",
          "none of them",
          "the tokenizer belongs to another model");
    }
    return new PromptEncoder(
        template, tokenizer, model, recommended.bosTokenId(), family.answerFormat());
  }

  private void verifyUnchanged() {
    checkpoint.verifyUnchanged();
    if (draft != null) {
      draft.verifyUnchanged();
    }
  }

  /** Answers a request. */
  public Generation generate(ChatRequest request) {
    return generate(request, GenerationListener.NONE);
  }

  /**
   * Answers a request and tells the listener what happens meanwhile. Interrupting the thread ends
   * the request as its {@link Cancellation} does; the interrupt stays set.
   *
   * @throws ContextOverflowException if prompt and answer do not fit the context
   * @throws QueueFullException if too many requests wait already
   * @throws org.vesalius.runtime.vision.image.ImageFormatException if a picture cannot be read
   * @throws IllegalArgumentException if the request has images that the model cannot read
   * @throws org.vesalius.loader.ModelFormatException if a weight file has changed since it was
   *     mapped
   */
  public Generation generate(ChatRequest request, GenerationListener listener) {
    verifyUnchanged();
    return generator.generate(request, listener);
  }

  /**
   * Answers a request on a virtual thread of its own. The future ends with what {@link
   * #generate(ChatRequest)} returns or throws; cancelling it ends the request.
   */
  public CompletableFuture<Generation> generateAsync(ChatRequest request) {
    return generateAsync(request, GenerationListener.NONE);
  }

  /** The same with a listener, which is called on that thread. */
  public CompletableFuture<Generation> generateAsync(
      ChatRequest request, GenerationListener listener) {
    return GenerationFuture.start(this, request, listener);
  }

  /**
   * The events of a request as a reactive stream that respects what a subscriber asks for; the last
   * is {@link GenerationEvent.Finished}. Every subscriber starts the request anew, on a virtual
   * thread of its own.
   */
  public Flow.Publisher<GenerationEvent> events(ChatRequest request) {
    return new GenerationPublisher(this, request);
  }

  /**
   * How likely the model is to answer a request with a given text: what evaluations and checks with
   * yes or no need. The text is tokenized by itself, without special tokens, and follows the prompt
   * directly; {@link ChatRequest#logprobs} says how many likeliest tokens are named beside each of
   * its own. Sampling, formats and stop strings of the request do not matter.
   *
   * @throws IllegalArgumentException if the text has no token
   * @throws ContextOverflowException if prompt and text do not fit the context
   * @throws IncompleteRequestException if the request was cancelled, or its time was over
   */
  public ContinuationScore score(ChatRequest request, String continuation) {
    return score(request, List.of(continuation)).getFirst();
  }

  /** The same of several texts, each on its own; the prompt is computed once. */
  public List<ContinuationScore> score(ChatRequest request, List<String> continuations) {
    verifyUnchanged();
    return generator.score(request, continuations);
  }

  /**
   * Embeds a text as it is, without the chat template: pooled hidden states after the last layer
   * and its norm.
   *
   * @throws IllegalArgumentException if the text has no token
   * @throws ContextOverflowException if it does not fit the context
   */
  public Embedding embed(String text, Pooling pooling) {
    return embed(List.of(text), pooling).getFirst();
  }

  /** The same of several texts, which are computed together. */
  public List<Embedding> embed(List<String> texts, Pooling pooling) {
    verifyUnchanged();
    return generator.embed(texts, pooling);
  }

  /**
   * Embeds a conversation, pictures included, up to where the model would begin its answer.
   *
   * @throws IncompleteRequestException if the request was cancelled, or its time was over
   */
  public Embedding embed(ChatRequest request, Pooling pooling) {
    verifyUnchanged();
    return generator.embed(request, pooling);
  }

  /** Turns requests into tokens, for callers that want to look at a prompt. */
  public PromptEncoder promptEncoder() {
    return encoder;
  }

  /**
   * Answers with more to see than {@link #generate}: prepared prompts and intermediate activations.
   */
  public Generator generator() {
    return generator;
  }

  /** Runs single steps, for measuring. */
  public Engine engine() {
    return engine;
  }

  /** The model's parts, for measuring. */
  public LoadedModel parts() {
    return model;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * What the model is, to tell it from others. Reads all its files, some seconds for a large one.
   */
  public ModelFingerprint fingerprint() {
    verifyUnchanged();
    List<Path> weights = checkpoint.files();
    Path directory = weights.getFirst().toAbsolutePath().getParent();
    return ModelFingerprint.of(
        Objects.requireNonNull(directory), weights, encoder.template().source());
  }

  /**
   * The pictures of a request as the model sees them, in the order of the conversation; videos are
   * not among them. Computes nothing with the model.
   *
   * @throws org.vesalius.runtime.vision.image.ImageFormatException if a picture cannot be read
   * @throws IllegalArgumentException if the request has images that the model cannot read
   */
  public List<PreparedPicture> pictures(ChatRequest request) {
    return encoder.encode(request).images().stream()
        .filter(image -> !image.isVideo())
        .map(image ->
            new PreparedPicture(
                image.tokens(), image.contentKey().hex(), image.tiles().getFirst().transform()))
        .toList();
  }

  /**
   * Whether the chat template writes what tools there are, calls of them and their results; where
   * it does not, a caller has to say it in words.
   */
  public boolean describesTools() {
    return ToolTemplate.describesTools(encoder.template(), model.images().isPresent());
  }

  /** The sizes of the decoder. */
  public DecoderConfig config() {
    return model.decoder().config();
  }

  /** The family, for people. */
  public String family() {
    return family.displayName();
  }

  /** How the model writes reasoning, tool calls and places in pictures. */
  public AnswerFormat answerFormat() {
    return family.answerFormat();
  }

  /**
   * What the model's makers recommend for sampling; requests are greedy unless they say otherwise.
   */
  public GenerationConfig recommended() {
    return recommended;
  }

  /** What computes, for people. */
  public String backend() {
    return engine.backend();
  }

  /** Tokens that prompt and answer may have together. */
  public int contextTokens() {
    return engine.context();
  }

  /** How keys and values are stored. */
  public CacheFormat cacheFormat() {
    return engine.cacheFormat();
  }

  /** Pages of the key/value cache that running requests hold; 0 when none runs. */
  public int usedCachePages() {
    return engine.usedPages();
  }

  /** Requests that run or wait at the moment. */
  public int requests() {
    return engine.requests();
  }

  /** Pages that no request holds, kept for requests that begin alike. */
  public int retainedCachePages() {
    return engine.retainedPages();
  }

  /**
   * Takes no more requests and waits for those that are running or waiting: what a service does
   * before {@link #close}.
   *
   * @return whether all have ended within the time
   * @throws InterruptedException if the thread is interrupted meanwhile; the model takes no more
   *     requests then, too
   */
  public boolean drain(Duration atMost) throws InterruptedException {
    return engine.drain(atMost);
  }

  /**
   * Waits for the running step, frees the memory and unmaps the files. Requests that still run
   * fail; see {@link #drain} for those that should end first. Idempotent.
   */
  @Override
  public void close() {
    engine.close();
    synchronized (converted) {
      checkpoint.close();
      if (draft != null) {
        draft.close();
      }
      if (converted.scope().isAlive()) {
        converted.close();
      }
    }
  }
}
